package keyring

import (
	"bytes"
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

func TestSealedValueOpensOnlyInItsPlace(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	sealed := r.Seal("member", "phone", 7, []byte("v"))
	for _, c := range []struct {
		table, column string
		id            int64
	}{{"member", "phone", 8}, {"member", "email", 7}, {"staff", "phone", 7},
		{"member", "phone", -7}, {"", "", 0}} {
		_, err := r.Open(c.table, c.column, c.id, sealed)
		wantErr(t, err, ErrUnreadable)
	}
	if bytes.Equal(sealed, r.Seal("member", "phone", 7, []byte("v"))) {
		t.Fatal("equal values look equal when sealed")
	}
	if len(sealed) != 1+SealOverhead {
		t.Fatal("length", len(sealed))
	}
}

func TestEveryFlippedBitOfASealedValueIsRefused(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	subject := r.NewSubjectKey()
	loose, err := r.SealWith(subject, []byte("ad"), []byte("13800138000"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := r.Seal("t", "c", 1, []byte("13800138000"))
	flips(sealed, func(bad []byte) {
		_, err := r.Open("t", "c", 1, bad)
		wantErr(t, err, ErrUnreadable)
	})
	flips(loose, func(bad []byte) {
		_, err := r.OpenWith(subject, []byte("ad"), bad)
		wantErr(t, err, ErrUnreadable)
	})
	flips(subject, func(bad []byte) {
		_, err := r.OpenWith(bad, []byte("ad"), loose)
		wantErr(t, err, ErrUnreadable)
	})
	_, err = r.OpenWith(subject, []byte("other"), loose)
	wantErr(t, err, ErrUnreadable)
	_, err = r.OpenWith(r.NewSubjectKey(), []byte("ad"), loose)
	wantErr(t, err, ErrUnreadable)
	for n := range sealed {
		_, err := r.Open("t", "c", 1, sealed[:n])
		wantErr(t, err, ErrUnreadable)
	}
}

func flips(good []byte, try func([]byte)) {
	for i := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[i/8] ^= 1 << (i % 8)
		try(bad)
	}
}

func TestSealRoundTrips(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	subject := r.NewSubjectKey()
	rapid.Check(t, func(t *rapid.T) {
		plain := rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "plain")
		ad := rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "ad")
		id := rapid.Int64().Draw(t, "id")
		if got, err := r.Open("t", "c", id, r.Seal("t", "c", id, plain)); err != nil ||
			!bytes.Equal(got, plain) {
			t.Fatal(got, err)
		}
		sealed, err := r.SealWith(subject, ad, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.OpenWith(subject, ad, sealed); err != nil || !bytes.Equal(got, plain) {
			t.Fatal(got, err)
		}
	})
}

func TestSubjectKeyIsNotAColumnValue(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	_, err := r.SealWith(r.Seal("subject key", "", 0, make([]byte, 32)), nil, nil)
	wantErr(t, err, ErrUnreadable)
	_, err = r.Open("subject key", "", 0, r.NewSubjectKey())
	wantErr(t, err, ErrUnreadable)
}

func TestBlindIndexAndMAC(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	i := r.BlindIndex("phone", "138")
	if len(i) != IndexSize || !bytes.Equal(i, r.BlindIndex("phone", "138")) {
		t.Fatal("not a stable index")
	}
	for _, c := range [][2]string{{"phone", "139"}, {"email", "138"}, {"phone1", "38"}, {"", ""}} {
		if bytes.Equal(i, r.BlindIndex(c[0], c[1])) {
			t.Fatal("collides", c)
		}
	}
	mac := r.MAC("cursor", []byte("m"))
	if len(mac) != MACSize || r.CheckMAC("code", []byte("m"), mac) ||
		r.CheckMAC("cursor", []byte("n"), mac) || r.CheckMAC("curso", []byte("rm"), mac) ||
		r.CheckMAC("cursor", []byte("m"), mac[:15]) || r.CheckMAC("cursor", []byte("m"), nil) {
		t.Fatal("a wrong MAC was accepted")
	}
	flips(mac, func(bad []byte) {
		if r.CheckMAC("cursor", []byte("m"), bad) {
			t.Fatal("a flipped MAC was accepted")
		}
	})
	if bytes.Equal(r.BlindIndex("cursor", "m")[1:], mac[:15]) {
		t.Fatal("index and MAC share a key")
	}
}

func TestSubjectCacheIsBounded(t *testing.T) {
	t.Parallel()
	r := setup(t).create(t)
	r.subjects = newAEADCache(8)
	var all [][]byte
	for range 50 {
		k := r.NewSubjectKey()
		all = append(all, k)
		if _, err := r.SealWith(k, nil, []byte("v")); err != nil {
			t.Fatal(err)
		}
		if n := r.subjects.len(); n > 8 {
			t.Fatal("cache holds", n)
		}
	}
	if r.subjects.get(all[49]) == nil || r.subjects.get(all[0]) != nil {
		t.Fatal("the newest is not kept or the oldest stays")
	}
	r.ForgetSubject(all[49])
	if r.subjects.get(all[49]) != nil {
		t.Fatal("a forgotten key stays in memory")
	}
}

func FuzzOpen(f *testing.F) {
	r := setup(f).create(f)
	f.Add(r.Seal("t", "c", 1, []byte("other place")))
	f.Add([]byte{})
	f.Add([]byte{1, 0, 0, 0, 1})
	f.Add(bytes.Repeat([]byte{0xff}, 64))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		if _, err := r.Open("t", "c", 2, sealed); err == nil {
			t.Fatal("an invention opened")
		}
		if _, err := r.SealWith(sealed, nil, nil); err == nil {
			t.Fatal("an invented key was taken")
		}
		r.Stale(sealed)
		r.IndexIsOld(sealed)
	})
}

func FuzzDecodeDocument(f *testing.F) {
	b := setup(f)
	text, err := b.create(f).now.Load().doc.encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Add([]byte(`{"format":"foyer-keys-1","keys":[],"check":""}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, text []byte) {
		doc, err := decodeDocument(text)
		if err != nil {
			return
		}
		if again, err := doc.encode(); err != nil || !bytes.Equal(again, text) {
			t.Fatal("two texts for one document")
		}
		_, _ = buildKeys(doc)
	})
}

func BenchmarkRing(b *testing.B) {
	r := setup(b).create(b)
	phone := []byte("+8613800138000")
	sealed := r.Seal("member", "phone", 7, phone)
	subject := r.NewSubjectKey()
	loose, _ := r.SealWith(subject, phone, phone)
	run := func(name string, f func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := f(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("Seal", func() error { r.Seal("member", "phone", 7, phone); return nil })
	run("Open", func() error { _, err := r.Open("member", "phone", 7, sealed); return err })
	run("SealWith", func() error { _, err := r.SealWith(subject, phone, phone); return err })
	run("OpenWith", func() error { _, err := r.OpenWith(subject, phone, loose); return err })
	run("NewSubjectKey", func() error { r.NewSubjectKey(); return nil })
	run("BlindIndex", func() error { r.BlindIndex("phone", "+8613800138000"); return nil })
	run("CheckMAC", func() error {
		if r.CheckMAC("cursor", phone, phone) {
			return fmt.Errorf("accepted")
		}
		return nil
	})
}
