package sheet_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/catalogtest"
	"foyer/internal/catalog/picture"
	"foyer/internal/catalog/sheet"
	"foyer/internal/clock"
	"foyer/internal/fault"
	"foyer/internal/sqldb"
	"foyer/internal/sqldb/sqldbtest"
)

type bundle struct {
	*testing.T
	w  *catalogtest.World
	h  *catalogtest.House
	im *sheet.Importer
}

func each(t *testing.T, fn func(b *bundle)) {
	t.Helper()
	sqldbtest.Each(t, func() clock.Clock { return clock.NewFake(sqldbtest.Start) },
		func(t *testing.T, db *sqldb.DB) {
			clk := clock.NewFake(sqldbtest.Start)
			w := catalogtest.New(t, db, clk)
			pictures := picture.NewReader(2, clock.Real{}.After)
			fn(&bundle{t, w, w.House(), sheet.New(w.Catalog, pictures, clk)})
		})
}

// xlsx is a table as Excel writes it; times become its own serial numbers.
func xlsx(t testing.TB, rows ...[]any) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer f.Close()
	for i, r := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprint("A", i+1), &r); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func (b *bundle) programme(table []byte, o sheet.Options) (sheet.Report, error) {
	return b.im.Programme(context.Background(), actor.SystemActor, b.h.Org.ID, table, o)
}

func (b *bundle) sessions() []*catalog.Session {
	b.Helper()
	list, err := b.w.Catalog.Stores().Sessions.List(context.Background(),
		actor.Scope{Organization: b.h.Org.ID}, 0, 10_000)
	if err != nil {
		b.Fatal(err)
	}
	return list
}

func TestProgrammeFromEveryFormat(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		at := time.Date(2026, 11, 23, 19, 30, 0, 0, time.UTC) // as the cell shows it
		list := b.h.Prices.Name
		tables := map[string][]byte{
			"xlsx": xlsx(b, []any{"影片", "影厅", "开场时间", "价目表", "退票规则", "制式", "语言", "状态"},
				[]any{b.h.Event.Code, "1号厅", at, list, "影院退票", "IMAX 3D", "国语", "在售"}),
			"csv": []byte("\xef\xbb\xbfevent,hall,date,time,price_list,refund policy,version," +
				"language,state\r\n" + b.h.Event.Title + ",1号厅,2026/11/23,19:30," + list +
				",Cinema refund,IMAX 3D,国语,on_sale\r\n"),
		}
		gbk, err := simplifiedchinese.GB18030.NewEncoder().Bytes([]byte(
			"片名(必填)*,厅,日期,时间,价目,退改规则,制式,语言,状态\n哪吒之魔童降世,1号厅,2026年11月23日,19：30," +
				list + ",影院退票,IMAX 3D,国语,开售\n"))
		if err != nil {
			b.Fatal(err)
		}
		tables["gbk"] = gbk
		first := true
		for name, table := range tables {
			r, err := b.programme(table, sheet.Options{})
			if err != nil {
				b.Fatal(name, err, r.Problems)
			}
			if first && r.Created != 1 || !first && (r.Created+r.Updated != 0 || r.Unchanged != 1) {
				b.Errorf("%s: %+v", name, r)
			}
			first = false
		}
		all := b.sessions()
		if len(all) != 1 || all[0].State != catalog.SessionOnSale ||
			all[0].BusinessDay != 20261123 ||
			!all[0].StartsAt.Equal(at.Add(-8*time.Hour)) ||
			all[0].EndsAt.Sub(all[0].StartsAt) != 110*time.Minute {
			b.Errorf("%+v", all)
		}
		b.w.Verify(b)
	})
}

func TestAllProblemsOfAllRowsAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		head := "影片,影厅,开场时间,价目表,退票规则,结束时间,怪列\n"
		good := "哪吒之魔童降世,1号厅,2026-11-24 10:00,标准价,影院退票,,\n"
		table := head + good +
			"没有的片,1号厅,2026-11-24 13:00,标准价,影院退票,,\n" +
			"哪吒之魔童降世,9号厅,2026-11-24 13:00,别的价,影院退票,,\n" +
			"哪吒之魔童降世,1号厅,明天,标准价,,,\n" +
			"哪吒之魔童降世,1号厅,2026-11-24 11:00,标准价,影院退票,,\n" +
			"哪吒之魔童降世,1号厅,2026-11-24 10:00,标准价,影院退票,,\n" +
			"哪吒之魔童降世,1号厅,2026-11-25 10:00,标准价,影院退票,2026-11-25 09:00,\n"
		r, err := b.programme([]byte(table), sheet.Options{})
		if !errors.Is(err, sheet.ErrProblems) {
			b.Fatal(err)
		}
		var got []string
		for _, p := range r.Problems {
			got = append(got, fmt.Sprint(p.Row, " ", p.Column))
		}
		slices.Sort(got)
		want := []string{"1 怪列", "3 影片", "4 价目表", "4 影厅", "5 开场时间", "5 退票规则",
			"6 开场时间", "7 开场时间", "8 ends_at", "8 sale_until"}
		if !slices.Equal(got, want) {
			b.Errorf("got  %v\nwant %v", got, want)
		}
		if n := len(b.sessions()); n != 0 {
			b.Errorf("%d sessions of a refused table stand", n)
		}
		table = strings.Replace(head, ",怪列", "", 1) + good
		dry, err := b.programme([]byte(table), sheet.Options{DryRun: true})
		if err != nil || dry.Created != 1 || len(b.sessions()) != 0 {
			b.Errorf("dry run: %+v %v, %d stand", dry, err, len(b.sessions()))
		}
		page, _ := b.w.Catalog.Sessions(catalog.SessionQuery{Limit: 10})
		if len(page) != 0 {
			b.Errorf("the picture shows what was undone")
		}
	})
}

func TestProgrammeChangesWhatIsThere(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		head := "影片,影厅,开场时间,价目表,退票规则,制式,每单限购,状态\n"
		row := "哪吒之魔童降世,1号厅,2026-11-24 25:30,标准价,影院退票,%s,%d,在售\n"
		for i, want := range []sheet.Report{{Rows: 1, Created: 1}, {Rows: 1, Updated: 1},
			{Rows: 1, Unchanged: 1}} {
			version := []string{"2D", "IMAX", "IMAX"}[i]
			table := head + fmt.Sprintf(row, version, 4)
			r, err := b.programme([]byte(strings.Replace(strings.Replace(table, ",状态", ",语言,状态", 1),
				",在售", ",国语,在售", 1)), sheet.Options{})
			if err != nil || r.Rows != want.Rows || r.Created != want.Created ||
				r.Updated != want.Updated || r.Unchanged != want.Unchanged {
				b.Fatalf("%d: %+v %v", i, r, err)
			}
		}
		all := b.sessions()
		if len(all) != 1 || all[0].Version != "IMAX" || all[0].BusinessDay != 20261124 ||
			all[0].MaxPerOrder != 4 {
			b.Errorf("%+v", all)
		}
	})
}

func archive(t testing.TB, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	z.Close()
	return b.Bytes()
}

func TestFilmsWithPosters(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		ctx := context.Background()
		var pic bytes.Buffer
		png.Encode(&pic, image.NewGray(image.Rect(0, 0, 20, 30)))
		posters := archive(b, map[string][]byte{"海报/CJH.png": pic.Bytes(), "bad.png": []byte("no")})
		table := xlsx(b, []any{"影片编码", "片名", "导演", "主演", "片长", "上映日期", "海报", "简介", "题材"},
			[]any{"001102021", "长津湖", "陈凯歌、徐克", "吴京，易烊千玺", 176,
				time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), "cjh.png", "抗美援朝。", "战争/历史"},
			[]any{"001202021", "你好,李焕英", "贾玲", "贾玲", "128分钟", "2026.2.12", "", "", "喜剧"})
		run := func(table, posters []byte, dry bool) (sheet.Report, error) {
			return b.im.Films(ctx, actor.SystemActor, b.h.Org.ID, table, posters,
				sheet.Options{DryRun: dry})
		}
		if r, err := run(table, posters, true); err != nil || r.Created != 2 {
			b.Fatalf("%+v %v", r, err)
		}
		if r, err := run(table, posters, false); err != nil || r.Created != 2 {
			b.Fatalf("%+v %v", r, err)
		}
		if r, err := run(table, posters, false); err != nil || r.Unchanged != 2 {
			b.Errorf("again: %+v %v", r, err)
		}
		scope := actor.Scope{Organization: b.h.Org.ID}
		list, err := b.w.Catalog.Stores().Events.List(ctx, scope, 0, 100)
		if err != nil {
			b.Fatal(err)
		}
		i := slices.IndexFunc(list, func(e *catalog.Event) bool { return e.Code == "001102021" })
		if i < 0 {
			b.Fatal("not there")
		}
		e := list[i]
		if e.Minutes != 176 || e.ReleaseDate != "2026-11-20" || len(e.Directors) != 2 ||
			len(e.Cast) != 2 || e.Cast[1].Name != "易烊千玺" || e.Poster == 0 ||
			!slices.Equal(e.Genres, []string{"战争", "历史"}) || e.State != catalog.Draft {
			b.Errorf("%+v", e)
		}
		if _, data, err := b.w.Catalog.MediaFile(ctx, e.Poster); err != nil || len(data) == 0 {
			b.Errorf("poster: %v", err)
		}
		r, err := run([]byte("film_code,title,minutes\n001102021,长津湖,180\n"), nil, false)
		if err != nil || r.Updated != 1 {
			b.Fatalf("%+v %v", r, err)
		}
		e, err = b.w.Catalog.Stores().Events.Get(ctx, actor.Scope{Organization: b.h.Org.ID}, e.ID)
		if err != nil || e.Minutes != 180 || e.Synopsis != "抗美援朝。" || e.Poster == 0 {
			b.Errorf("a column that is not there was wiped: %+v %v", e, err)
		}
		r, err = run([]byte("film_code,title,poster\n1,甲,none.png\n2,乙,bad.png\n1,丙,\n,丁,\n"),
			posters, false)
		if !errors.Is(err, sheet.ErrProblems) || len(r.Problems) != 4 {
			b.Errorf("%+v %v", r.Problems, err)
		}
	})
}

func TestTenancyOfImports(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		other := b.w.House()
		who := catalogtest.Staff(other.Org.ID, actor.Everything)
		table := []byte("影片,影厅,开场时间,价目表,退票规则\n哪吒之魔童降世,1号厅,2026-11-24 10:00,标准价,影院退票\n")
		_, err := b.im.Programme(context.Background(), who, b.h.Org.ID, table, sheet.Options{})
		if !errors.Is(err, fault.Missing) {
			b.Error(err)
		}
		weak := catalogtest.Staff(b.h.Org.ID, catalog.PermEvent)
		_, err = b.im.Programme(context.Background(), weak, b.h.Org.ID, table, sheet.Options{})
		if !errors.Is(err, fault.NotAllowed) || len(b.sessions()) != 0 {
			b.Error(err)
		}
	})
}

func TestBombsAndNonsense(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		zeros := bytes.Repeat([]byte{'0'}, 30<<20)
		many := map[string][]byte{}
		for i := range 5_001 {
			many[fmt.Sprint(i)] = nil
		}
		wide := strings.Repeat("a,", 65) + "\n"
		for name, c := range map[string]struct {
			table []byte
			want  error
		}{
			"bomb":    {archive(b, map[string][]byte{"xl/workbook.xml": zeros}), sheet.ErrTooLarge},
			"entries": {archive(b, many), sheet.ErrTooLarge},
			"big":     {make([]byte, sheet.MaxFile+1), sheet.ErrTooLarge},
			"columns": {[]byte(wide), sheet.ErrTooLarge},
			"cell":    {[]byte("影片\n" + strings.Repeat("x", 20_001)), sheet.ErrTooLarge},
			"rows":    {[]byte("影片\n" + strings.Repeat("x\n", sheet.MaxRows+1)), sheet.ErrTooLarge},
			"zip":     {archive(b, map[string][]byte{"a.txt": []byte("a")}), sheet.ErrUnreadable},
			"cut":     {[]byte("PK\x03\x04nonsense"), sheet.ErrUnreadable},
			"binary":  {[]byte{0xff, 0xfe, 0, 1, 2}, sheet.ErrUnreadable},
			"empty":   {nil, sheet.ErrProblems},
		} {
			if _, err := b.programme(c.table, sheet.Options{}); !errors.Is(err, c.want) {
				b.Errorf("%s: %v", name, err)
			}
		}
		_, err := b.im.Films(context.Background(), actor.SystemActor, b.h.Org.ID,
			[]byte("film_code,title,poster\n1,甲,a.png\n"),
			archive(b, map[string][]byte{"a.png": zeros}), sheet.Options{})
		if !errors.Is(err, sheet.ErrProblems) {
			b.Errorf("a poster of 30 MB: %v", err)
		}
	})
}

// A week of a large cinema in one go, and its progress is told.
func TestAWholeSeason(t *testing.T) {
	t.Parallel()
	each(t, func(b *bundle) {
		var table bytes.Buffer
		io.WriteString(&table, "影片,影厅,开场时间,价目表,退票规则,制式,语言,状态\n")
		for i := range 600 {
			at := sqldbtest.Start.Add(time.Duration(1+i*3) * time.Hour).In(b.h.Venue.Location())
			fmt.Fprintf(&table, "哪吒之魔童降世,1号厅,%s,标准价,影院退票,2D,国语,在售\n", at.Format("2006-01-02 15:04"))
		}
		last, started := 0, time.Now()
		r, err := b.programme(table.Bytes(), sheet.Options{Progress: func(done, total int) {
			last = done * 1000 / total
		}})
		if err != nil || r.Created != 600 || last != 1000 {
			b.Fatalf("%+v %v %d", r, err, last)
		}
		b.Logf("600 sessions planned and on sale in %v", time.Since(started))
		if n := len(b.sessions()); n != 600 {
			b.Errorf("%d stand", n)
		}
	})
}
