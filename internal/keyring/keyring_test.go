package keyring

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"foyer/internal/clock"
	"foyer/internal/idgen"
)

var start = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

type bundle struct {
	path string
	ids  *idgen.Source
	clk  *clock.Fake
}

func setup(t testing.TB) bundle {
	t.Helper()
	clk := clock.NewFake(start)
	ids, err := idgen.NewSource(clk, 1, nil)
	if err != nil {
		t.Fatal(err)
	}
	return bundle{filepath.Join(t.TempDir(), "keys.json"), ids, clk}
}

func (b bundle) create(t testing.TB) *Ring {
	t.Helper()
	r, err := Create(b.path, b.ids, b.clk)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (b bundle) open(t testing.TB) *Ring {
	t.Helper()
	r, err := Open(b.path, b.ids, b.clk)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("got %v, want %v", err, want)
	}
}

func TestReopenedRingReadsEverything(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	sealed := r.Seal("member", "phone", 7, []byte("+8613800138000"))
	subject := r.NewSubjectKey()
	loose, err := r.SealWith(subject, []byte("journal:9"), []byte("张三"))
	if err != nil {
		t.Fatal(err)
	}
	id, sig := r.SignCheckpoint([]byte("head"))

	r2 := b.open(t)
	if plain, err := r2.Open("member", "phone", 7, sealed); err != nil ||
		string(plain) != "+8613800138000" {
		t.Fatal(string(plain), err)
	}
	if plain, err := r2.OpenWith(subject, []byte("journal:9"), loose); err != nil ||
		string(plain) != "张三" {
		t.Fatal(string(plain), err)
	}
	if string(r2.BlindIndex("phone", "x")) != string(r.BlindIndex("phone", "x")) {
		t.Fatal("blind index changed")
	}
	if !r2.CheckMAC("cursor", []byte("m"), r.MAC("cursor", []byte("m"))) {
		t.Fatal("MAC changed")
	}
	if !r2.CheckCheckpoint(id, []byte("head"), sig) || r2.CheckCheckpoint(id, []byte("h"), sig) {
		t.Fatal("checkpoint signature")
	}
	if r.Installation() != r2.Installation() || len(r.Installation()) != 16 {
		t.Fatal("installation", r.Installation())
	}
	if len(r2.IDCodecKey()) != 16 || string(r.IDCodecKey()) != string(r2.IDCodecKey()) {
		t.Fatal("id codec key")
	}
	_, m1 := r.MerchantSigner()
	_, m2 := r2.MerchantSigner()
	if !m1.Equal(m2) {
		t.Fatal("merchant key")
	}
}

func TestTwoInstallationsShareNothing(t *testing.T) {
	t.Parallel()
	a, b := setup(t).create(t), setup(t).create(t)
	_, err := b.Open("t", "c", 1, a.Seal("t", "c", 1, []byte("x")))
	wantErr(t, err, ErrUnreadable)
	if string(a.BlindIndex("phone", "1")) == string(b.BlindIndex("phone", "1")) {
		t.Fatal("the same blind index in two installations")
	}
	_, err = b.SealWith(a.NewSubjectKey(), nil, []byte("x"))
	wantErr(t, err, ErrUnreadable)
}

func TestFileIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, err := Open(b.path, b.ids, b.clk)
	wantErr(t, err, ErrMissing)
	b.create(t)
	_, err = Create(b.path, b.ids, b.clk)
	wantErr(t, err, ErrExists)
	if runtime.GOOS == "windows" {
		return
	}
	info, err := os.Stat(b.path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatal(info.Mode(), err)
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o666} {
		if err := os.Chmod(b.path, mode); err != nil {
			t.Fatal(err)
		}
		_, err = Open(b.path, b.ids, b.clk)
		wantErr(t, err, ErrExposed)
	}
	if err := os.Chmod(b.path, 0o400); err != nil {
		t.Fatal(err)
	}
	b.open(t)
	_, err = Open(filepath.Dir(b.path), b.ids, b.clk)
	wantErr(t, err, ErrDamaged)
}

func TestEveryCutAndEveryFlippedByteOfTheFileIsRefused(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.create(t)
	text, err := os.ReadFile(b.path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range text {
		if _, err := decodeDocument(text[:n]); !errors.Is(err, ErrDamaged) {
			t.Fatalf("cut at %d: %v", n, err)
		}
		bad := append([]byte(nil), text...)
		bad[n] ^= 1
		if _, err := decodeDocument(bad); !errors.Is(err, ErrDamaged) {
			t.Fatalf("flip at %d: %v", n, err)
		}
	}
	if _, err := decodeDocument(append(text, ' ')); !errors.Is(err, ErrDamaged) {
		t.Fatal("trailing byte", err)
	}
}

func TestDocumentRules(t *testing.T) {
	t.Parallel()
	b := setup(t)
	good := b.create(t).now.Load().doc
	cases := map[string]func(*document){
		"no key of a kind":  func(d *document) { d.Keys = d.Keys[1:] },
		"unknown kind":      func(d *document) { d.Keys[0].Kind = "other" },
		"short secret":      func(d *document) { d.Keys[1].Secret = d.Keys[1].Secret[:31] },
		"number zero":       func(d *document) { d.Keys[1].ID = 0 },
		"unknown state":     func(d *document) { d.Keys[1].State = "" },
		"no active key":     func(d *document) { d.Keys[1].State = Old },
		"two active keys":   func(d *document) { d.Keys = append(d.Keys, d.with(1, 2, Active)) },
		"a number twice":    func(d *document) { d.Keys = append(d.Keys, d.with(1, 1, Old)) },
		"second id codec":   func(d *document) { d.Keys = append(d.Keys, d.with(0, 2, Old)) },
		"retired id codec":  func(d *document) { d.Keys[0].State = Retired },
		"everything is off": func(d *document) { d.Keys = nil },
	}
	for name, spoil := range cases {
		d := good
		d.Keys = append([]fileKey(nil), good.Keys...)
		spoil(&d)
		if _, err := buildKeys(d); !errors.Is(err, ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func (d *document) with(i int, id uint8, s State) fileKey {
	k := d.Keys[i]
	k.ID, k.State = id, s
	return k
}

func TestRotation(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	sealed := r.Seal("t", "c", 1, []byte("v"))
	index := r.BlindIndex("phone", "p")
	mac := r.MAC("cursor", []byte("m"))
	subject := r.NewSubjectKey()
	for _, kind := range []Kind{Data, Index, MAC, Ticket, Journal, Merchant} {
		if id, err := r.Rotate(kind); err != nil || id != 2 {
			t.Fatal(kind, id, err)
		}
	}
	for _, ring := range []*Ring{r, b.open(t)} {
		if _, err := ring.Open("t", "c", 1, sealed); err != nil {
			t.Fatal(err)
		}
		fresh := ring.Seal("t", "c", 1, []byte("v"))
		if !ring.Stale(sealed) || ring.Stale(fresh) || !ring.Stale(nil) {
			t.Fatal("stale")
		}
		all := ring.BlindIndexes("phone", "p")
		if len(all) != 2 || string(all[1]) != string(index) ||
			string(all[0]) != string(ring.BlindIndex("phone", "p")) ||
			string(all[0]) == string(index) {
			t.Fatal("indexes", all)
		}
		if !ring.IndexIsOld(index) || ring.IndexIsOld(all[0]) {
			t.Fatal("index age")
		}
		if !ring.CheckMAC("cursor", []byte("m"), mac) {
			t.Fatal("old MAC refused")
		}
		id, _ := ring.TicketSigner()
		if id != 2 || fmt.Sprint(ring.TicketKeyIDs()) != "[1 2]" {
			t.Fatal("ticket keys", id, ring.TicketKeyIDs())
		}
	}
	again, err := r.ResealSubjectKey(subject)
	if err != nil || !r.Stale(subject) || r.Stale(again) {
		t.Fatal("reseal", err)
	}
	value, err := r.SealWith(subject, []byte("a"), []byte("v"))
	if err != nil {
		t.Fatal(err)
	}
	if plain, err := r.OpenWith(again, []byte("a"), value); err != nil || string(plain) != "v" {
		t.Fatal(string(plain), err)
	}
}

func TestRetirement(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	sealed := r.Seal("t", "c", 1, []byte("v"))
	mac := r.MAC("cursor", []byte("m"))
	wantErr(t, r.Retire(Data, 1), ErrFixed)
	wantErr(t, r.Retire(Data, 9), ErrFixed)
	for _, kind := range []Kind{Data, Index, MAC, Ticket} {
		if _, err := r.Rotate(kind); err != nil {
			t.Fatal(err)
		}
		if err := r.Retire(kind, 1); err != nil {
			t.Fatal(err)
		}
	}
	_, err := r.Open("t", "c", 1, sealed)
	wantErr(t, err, ErrUnreadable)
	if r.CheckMAC("cursor", []byte("m"), mac) || len(r.BlindIndexes("p", "1")) != 1 {
		t.Fatal("a retired key is still used")
	}
	if _, ok := r.TicketKey(1); ok {
		t.Fatal("a retired ticket key is still accepted")
	}
	if id, err := r.Rotate(Ticket); err != nil || id != 3 {
		t.Fatal("a number was given twice", id, err)
	}
	if _, err := r.Rotate(Journal); err != nil {
		t.Fatal(err)
	}
	wantErr(t, r.Retire(Journal, 1), ErrFixed)
	_, err = r.Rotate(IDCodec)
	wantErr(t, err, ErrFixed)
	_, err = r.Rotate("nothing")
	wantErr(t, err, ErrFixed)
}

func TestAKindHasAtMost255Keys(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	err := r.edit(func(d *document) error {
		for id := 2; id < MaxKeys; id++ {
			k := freshKey(Ticket, uint8(id), b.ids, start)
			k.State = Old
			d.Keys = append(d.Keys, k)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if id, err := r.Rotate(Ticket); err != nil || id != MaxKeys {
		t.Fatal(id, err)
	}
	_, err = r.Rotate(Ticket)
	wantErr(t, err, ErrFixed)
	if len(b.open(t).TicketKeyIDs()) != MaxKeys {
		t.Fatal("the full ring does not open again")
	}
}

func TestTwoProcessesRotateWithoutLoss(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r1 := b.create(t)
	r2 := b.open(t)
	if _, err := r1.Rotate(Data); err != nil {
		t.Fatal(err)
	}
	sealed := r1.Seal("t", "c", 1, []byte("v"))
	if id, err := r2.Rotate(Data); err != nil || id != 3 {
		t.Fatal(id, err)
	}
	if _, err := r2.Open("t", "c", 1, sealed); err != nil {
		t.Fatal("the key of the other process was lost", err)
	}
	if _, err := r1.Open("t", "c", 1, r2.Seal("t", "c", 1, nil)); err == nil {
		t.Fatal("read before Reload: the test proves nothing")
	}
	if err := r1.Reload(); err != nil {
		t.Fatal(err)
	}
	if _, err := r1.Open("t", "c", 1, r2.Seal("t", "c", 1, nil)); err != nil {
		t.Fatal(err)
	}
}

func TestReloadRefusesAnotherInstallation(t *testing.T) {
	t.Parallel()
	b, other := setup(t), setup(t)
	r := b.create(t)
	other.create(t)
	if err := os.Rename(other.path, b.path); err != nil {
		t.Fatal(err)
	}
	sealed := r.Seal("t", "c", 1, []byte("v"))
	wantErr(t, r.Reload(), ErrDamaged)
	if _, err := r.Open("t", "c", 1, sealed); err != nil {
		t.Fatal("the present keys are gone", err)
	}
}

func TestLockOfAnotherChange(t *testing.T) {
	t.Parallel()
	b := setup(t)
	r := b.create(t)
	lock := b.path + ".new"
	if err := os.WriteFile(lock, []byte("half"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(lock, start, start); err != nil {
		t.Fatal(err)
	}
	_, err := r.Rotate(Ticket)
	wantErr(t, err, ErrLocked)
	if id, _ := b.open(t).TicketSigner(); id != 1 {
		t.Fatal("the file changed")
	}
	b.clk.Advance(staleLock)
	if _, err := r.Rotate(Ticket); err != nil {
		t.Fatal("the leftover of a crash blocks for ever", err)
	}
	if _, err := os.Stat(lock); !os.IsNotExist(err) {
		t.Fatal("the lock stayed", err)
	}
}

func TestConcurrentFirstStart(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.clk.Set(clock.Real{}.Now()) // the age of the lock is real time
	var wg sync.WaitGroup
	made := make(chan *Ring, 16)
	for range 16 {
		wg.Go(func() {
			if r, err := Create(b.path, b.ids, b.clk); err == nil {
				made <- r
			} else if !errors.Is(err, ErrExists) && !errors.Is(err, ErrLocked) {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	close(made)
	if len(made) != 1 {
		t.Fatalf("%d rings were made", len(made))
	}
	if r := <-made; r.Installation() != b.open(t).Installation() {
		t.Fatal("the file is not the ring that was made")
	}
}

func TestConcurrentUseDuringRotation(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	subject := r.NewSubjectKey()
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for w := range 4 {
		wg.Go(func() {
			for i := int64(0); ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				sealed := r.Seal("t", "c", i, []byte("v"))
				if _, err := r.Open("t", "c", i, sealed); err != nil {
					t.Error(w, err)
					return
				}
				if _, err := r.SealWith(subject, nil, []byte("v")); err != nil {
					t.Error(err)
					return
				}
				r.BlindIndexes("phone", "1")
			}
		})
	}
	for range 5 {
		for _, kind := range []Kind{Data, Index, MAC, Ticket} {
			if _, err := r.Rotate(kind); err != nil {
				t.Error(err)
			}
		}
	}
	close(stop)
	wg.Wait()
}
