package sheet

import (
	"archive/zip"
	"bytes"
	"context"
	"io"
	"path"
	"strings"

	"foyer/internal/actor"
	"foyer/internal/catalog"
	"foyer/internal/catalog/picture"
)

// filmWords are the headers of a table of films and shows, in Chinese and English.
func filmWords() map[string]string {
	return wordsOf(map[string]string{
		"film_code": "影片编码 影片编号 编码 film_code", "code": "项目编码 key code",
		"permit_number": "演出批文 批文号 演出批文号 permit_number", "kind": "类型 项目类型 kind",
		"title":    "片名 中文片名 名称 项目名称 剧目 title name",
		"title_en": "英文名 英文片名 title_en english_title", "original_title": "原名 original_title",
		"printed_title": "票面名称 票面片名 printed_title", "aliases": "别名 又名 aliases alias",
		"directors": "导演 director directors", "cast": "主演 演员 演职员 cast actors",
		"genres": "题材 影片类型 分类 genre genres", "countries": "国家 地区 国家地区 制片国家 country countries",
		"languages": "语言 对白语言 language languages", "versions": "制式 版本 version versions",
		"minutes": "片长 时长 minutes duration", "age_note": "年龄提示 适龄提示 age_note",
		"age_note_en": "age_note_en", "release_date": "上映日期 首演日期 开始日期 release_date",
		"end_date": "下映日期 结束日期 end_date", "synopsis": "简介 剧情简介 synopsis",
		"synopsis_en": "英文简介 synopsis_en", "notice": "须知 观演须知 notice",
		"notice_en": "notice_en", "distributor": "发行方 发行公司 主办方 distributor organizer",
		"weight": "热度 权重 weight", "poster": "海报 海报文件 poster", "stills": "剧照 剧照文件 stills"})
}

func wordsOf(fields map[string]string) map[string]string {
	words := map[string]string{}
	for field, list := range fields {
		for _, w := range strings.Fields(list) {
			words[foldHeader(w)] = field
		}
	}
	return words
}

// kindOf reads the kind of an event as people write it.
func kindOf(v string) (catalog.EventKind, bool) {
	kinds := map[string]catalog.EventKind{"": catalog.Film, "电影": catalog.Film, "影片": catalog.Film,
		"话剧": catalog.Play, "戏剧": catalog.Play, "音乐剧": catalog.Play, "戏曲": catalog.Opera,
		"歌剧": catalog.Opera, "舞蹈": catalog.Dance, "舞剧": catalog.Dance, "芭蕾": catalog.Dance,
		"音乐会": catalog.Concert, "演唱会": catalog.Concert, "讲座": catalog.Talk,
		"展览": catalog.ExhibitionShow, "游乐项目": catalog.Attraction, "景点": catalog.Attraction,
		"导览": catalog.Tour}
	for _, k := range catalog.EventKinds() {
		kinds[string(k)] = k
	}
	k, ok := kinds[strings.ToLower(v)]
	return k, ok
}

// filmRow is one row as read: how it changes an event, and its pictures.
type filmRow struct {
	number int
	key    string
	info   catalog.EventInfo
	poster *catalog.Picture
	stills []catalog.Picture
}

// Films imports information of films and shows, keyed by film code (else by code or permit
// number): a new key makes a draft, a known one is changed in the columns that the table
// has. posters is a zip of pictures named in the columns poster and stills; nil without.
// It refuses with ErrUnreadable, ErrTooLarge, and ErrProblems with the report.
func (i *Importer) Films(ctx context.Context, who actor.Actor, organization int64,
	table, posters []byte, o Options) (Report, error) {
	if err := catalog.Allow(who, catalog.PermEvent, organization, 0); err != nil {
		return Report{}, err
	}
	g, err := readGrid(table, filmWords())
	if err != nil {
		return Report{}, err
	}
	f := &findings{grid: g}
	archive, err := openPosters(posters)
	if err != nil {
		return Report{}, err
	}
	f.header("title")
	rows, err := i.filmRows(ctx, f, archive)
	if err != nil {
		return Report{}, err
	}
	if !o.DryRun && len(f.list) == 0 {
		if err := i.keep(ctx, rows); err != nil {
			return Report{}, err
		}
	}
	before := len(f.list)
	b, err := i.catalog.InBulk(ctx, who, organization, "events", g.digest, o.DryRun,
		func(b *catalog.Bulk) error {
			f.list = f.list[:before]
			for n, row := range rows {
				err := b.Try(func() error { return i.putFilm(b, g, row) })
				if err := f.refused(row.number, "film_code", err); err != nil {
					return err
				}
				o.progress(n+1, len(rows))
			}
			if len(f.list) > 0 {
				return ErrProblems
			}
			return nil
		})
	return f.finish(Report{Rows: len(g.rows), DryRun: o.DryRun}, b, err)
}

// header notes unknown headers and required ones that are missing.
func (f *findings) header(required ...string) {
	for _, h := range f.grid.unknown {
		f.list = append(f.list, Problem{1, h, "is not a known header, or is there twice / 无法识别的表头"})
	}
	for _, field := range required {
		if !f.grid.has(field) {
			f.list = append(f.list, Problem{1, field, "the column is required / 缺少必需的列"})
		}
	}
}

func (i *Importer) filmRows(ctx context.Context, f *findings,
	archive map[string]*zip.File) ([]filmRow, error) {
	var rows []filmRow
	seen := map[string]int{}
	for _, l := range f.grid.rows {
		r := &reader{f, l}
		before := len(f.list)
		row := filmRow{number: l.number, info: r.film()}
		for _, key := range []string{row.info.FilmCode, row.info.Code, row.info.PermitNumber} {
			if row.key == "" {
				row.key = key
			}
		}
		if row.key == "" {
			r.bad("film_code", "a film code, code or permit number is required / 缺少影片编码")
		} else if first := seen[row.key]; first > 0 {
			r.bad("film_code", "%q is in row %d already / 编码重复", row.key, first)
		}
		seen[row.key] = l.number
		row.info.Code = row.key
		if err := i.pictureCells(ctx, r, archive, &row); err != nil {
			return nil, err
		}
		if len(f.list) == before {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (r *reader) film() catalog.EventInfo {
	kind, ok := kindOf(r.text("kind"))
	if !ok {
		r.bad("kind", "%q is not a kind of event / 项目类型无法识别", r.text("kind"))
	}
	e := catalog.EventInfo{Kind: kind, Code: r.text("code"), Title: r.text("title"),
		TitleEn: r.text("title_en"), OriginalTitle: r.text("original_title"),
		PrintedTitle: r.text("printed_title"), Aliases: r.words("aliases"),
		Directors: r.words("directors"), Genres: r.words("genres"),
		Countries: r.words("countries"), Languages: r.words("languages"),
		Versions: r.words("versions"), Minutes: r.whole("minutes", 0, 1440),
		AgeNote: r.text("age_note"), AgeNoteEn: r.text("age_note_en"),
		ReleaseDate: r.date("release_date"), EndDate: r.date("end_date"),
		Synopsis: r.text("synopsis"), SynopsisEn: r.text("synopsis_en"),
		Notice: r.text("notice"), NoticeEn: r.text("notice_en"),
		FilmCode: r.text("film_code"), PermitNumber: r.text("permit_number"),
		Distributor: r.text("distributor"), Weight: r.whole("weight", 0, 1_000_000)}
	if !r.grid.has("printed_title") && len([]rune(e.Title)) <= 60 {
		e.PrintedTitle = e.Title
	}
	for _, name := range r.words("cast") {
		e.Cast = append(e.Cast, catalog.Credit{Name: name})
	}
	if e.Title == "" {
		r.bad("title", "is required / 必填")
	}
	return e
}

// putFilm stores one row. Columns that the table lacks keep what was there.
func (i *Importer) putFilm(b *catalog.Bulk, g *grid, row filmRow) error {
	keep := func(was, next *catalog.Event) {
		next.EventInfo = was.EventInfo
		g.overlay(&next.EventInfo, &row.info)
	}
	event := catalog.Event{EventInfo: row.info}
	was, _, err := b.EventFor(row.key)
	if err != nil {
		return err
	}
	if was != nil && was.Code == row.key {
		event.Poster, event.Stills = was.Poster, was.Stills
	}
	if row.poster != nil {
		if event.Poster, err = samePicture(b, event.Poster, *row.poster); err != nil {
			return err
		}
	}
	for n, still := range row.stills {
		var old int64
		if n < len(event.Stills) {
			old = event.Stills[n]
		}
		id, err := samePicture(b, old, still)
		if err != nil {
			return err
		}
		event.Stills = append(append([]int64(nil), event.Stills[:min(n, len(event.Stills))]...), id)
	}
	_, err = b.PutEvent(event, keep)
	return err
}

// samePicture is the picture that is there when it has the same bytes, else a new one.
func samePicture(b *catalog.Bulk, old int64, p catalog.Picture) (int64, error) {
	same, err := b.SamePicture(old, p.Digest)
	if err != nil || same {
		return old, err
	}
	m, err := b.Picture(p)
	if err != nil {
		return 0, err
	}
	return m.ID, nil
}

// overlay copies the fields whose columns the table has.
func (g *grid) overlay(to, from *catalog.EventInfo) {
	texts := map[string][2]*string{"title": {&to.Title, &from.Title},
		"title_en":       {&to.TitleEn, &from.TitleEn},
		"original_title": {&to.OriginalTitle, &from.OriginalTitle},
		"printed_title":  {&to.PrintedTitle, &from.PrintedTitle},
		"age_note":       {&to.AgeNote, &from.AgeNote},
		"age_note_en":    {&to.AgeNoteEn, &from.AgeNoteEn},
		"release_date":   {&to.ReleaseDate, &from.ReleaseDate},
		"end_date":       {&to.EndDate, &from.EndDate},
		"synopsis":       {&to.Synopsis, &from.Synopsis},
		"synopsis_en":    {&to.SynopsisEn, &from.SynopsisEn},
		"notice":         {&to.Notice, &from.Notice}, "notice_en": {&to.NoticeEn, &from.NoticeEn},
		"film_code":     {&to.FilmCode, &from.FilmCode},
		"permit_number": {&to.PermitNumber, &from.PermitNumber},
		"distributor":   {&to.Distributor, &from.Distributor}}
	for field, pair := range texts {
		if g.has(field) {
			*pair[0] = *pair[1]
		}
	}
	lists := map[string][2]*[]string{"aliases": {&to.Aliases, &from.Aliases},
		"directors": {&to.Directors, &from.Directors}, "genres": {&to.Genres, &from.Genres},
		"countries": {&to.Countries, &from.Countries},
		"languages": {&to.Languages, &from.Languages},
		"versions":  {&to.Versions, &from.Versions}}
	for field, pair := range lists {
		if g.has(field) {
			*pair[0] = *pair[1]
		}
	}
	if g.has("kind") {
		to.Kind = from.Kind
	}
	if g.has("cast") {
		to.Cast = from.Cast
	}
	if g.has("minutes") {
		to.Minutes = from.Minutes
	}
	if g.has("weight") {
		to.Weight = from.Weight
	}
}

// openPosters lists an archive by file name, whatever its folders; names are compared
// without case.
func openPosters(data []byte) (map[string]*zip.File, error) {
	if data == nil {
		return nil, nil
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, ErrUnreadable.Wrap(err)
	}
	if len(z.File) > maxEntries {
		return nil, ErrTooLarge.With("limit", "5,000 files in an archive")
	}
	files := map[string]*zip.File{}
	for _, f := range z.File {
		if !f.FileInfo().IsDir() {
			files[strings.ToLower(path.Base(strings.ReplaceAll(f.Name, `\`, "/")))] = f
		}
	}
	return files, nil
}

func (i *Importer) pictureCells(ctx context.Context, r *reader, archive map[string]*zip.File,
	row *filmRow) error {
	read := func(field, name string) (*catalog.Picture, error) {
		f := archive[strings.ToLower(name)]
		if f == nil {
			r.bad(field, "the archive has no file %q / 压缩包中没有此文件", name)
			return nil, nil
		}
		p, err := i.unpack(ctx, f)
		if err != nil {
			return nil, r.refused(r.number, field, err)
		}
		return &p, nil
	}
	if name := r.text("poster"); name != "" {
		p, err := read("poster", name)
		if err != nil {
			return err
		}
		row.poster = p
	}
	for _, name := range r.words("stills") {
		p, err := read("stills", name)
		if err != nil {
			return err
		}
		if p != nil {
			row.stills = append(row.stills, *p)
		}
	}
	return nil
}

// unpack reads one picture, never more than the limit whatever the archive says.
func (i *Importer) unpack(ctx context.Context, f *zip.File) (catalog.Picture, error) {
	if f.UncompressedSize64 > picture.MaxBytes {
		return catalog.Picture{}, catalog.ErrImageSize
	}
	rc, err := f.Open()
	if err != nil {
		return catalog.Picture{}, ErrUnreadable.Wrap(err)
	}
	defer rc.Close()
	data, err := io.ReadAll(io.LimitReader(rc, picture.MaxBytes+1))
	if err != nil {
		return catalog.Picture{}, ErrUnreadable.Wrap(err)
	}
	return i.pictures.Read(ctx, data)
}

// keep stores the bytes of all pictures before any row names them. Bytes of an import that
// is refused afterwards stay behind under their digest and harm nobody.
func (i *Importer) keep(ctx context.Context, rows []filmRow) error {
	for _, row := range rows {
		list := row.stills
		if row.poster != nil {
			list = append(append([]catalog.Picture(nil), list...), *row.poster)
		}
		for _, p := range list {
			if err := i.catalog.KeepFile(ctx, p); err != nil {
				return err
			}
		}
	}
	return nil
}
