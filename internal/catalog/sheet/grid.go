package sheet

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// grid is a table as read: fields by the words of its header, and rows of cells.
type grid struct {
	digest  string
	columns map[string]int // field → column
	headers map[string]string
	unknown []string
	rows    []line
	date04  bool // an .xlsx that counts its days from 1904
}

// line is one row; number counts as people see it.
type line struct {
	number int
	cells  []string
}

// cell is a field of the row, trimmed; empty when the column is not there.
func (g *grid) cell(l line, field string) string {
	if i, ok := g.columns[field]; ok && i < len(l.cells) {
		return strings.TrimSpace(l.cells[i])
	}
	return ""
}

func (g *grid) has(field string) bool { _, ok := g.columns[field]; return ok }

// label is a field as the table's header calls it.
func (g *grid) label(field string) string {
	if h, ok := g.headers[field]; ok {
		return h
	}
	return field
}

// readGrid reads a table. words maps the words of headers, folded, to fields.
func readGrid(data []byte, words map[string]string) (*grid, error) {
	if len(data) > MaxFile {
		return nil, ErrTooLarge.With("limit", "16 MB")
	}
	sum := sha256.Sum256(data)
	g := &grid{digest: hex.EncodeToString(sum[:]), columns: map[string]int{},
		headers: map[string]string{}}
	if bytes.HasPrefix(data, []byte("PK\x03\x04")) {
		return g, g.readXLSX(data, words)
	}
	return g, g.readCSV(data, words)
}

// take keeps one row: the first that is not empty is the header.
func (g *grid) take(number int, cells []string, words map[string]string) error {
	if len(cells) > maxColumns {
		return ErrTooLarge.With("limit", "64 columns").With("row", number)
	}
	empty := true
	for _, c := range cells {
		if len(c) > maxCell {
			return ErrTooLarge.With("limit", "20,000 bytes in a cell").With("row", number)
		}
		empty = empty && strings.TrimSpace(c) == ""
	}
	switch {
	case empty:
		return nil
	case len(g.columns) == 0 && len(g.unknown) == 0:
		g.readHeader(cells, words)
		return nil
	case len(g.rows) == MaxRows:
		return ErrTooLarge.With("limit", "5,000 rows")
	}
	g.rows = append(g.rows, line{number, append([]string(nil), cells...)})
	return nil
}

func (g *grid) readHeader(cells []string, words map[string]string) {
	for i, c := range cells {
		field, ok := words[foldHeader(c)]
		if _, twice := g.columns[field]; strings.TrimSpace(c) != "" && (!ok || twice) {
			g.unknown = append(g.unknown, strings.TrimSpace(c))
			continue
		}
		if ok {
			g.columns[field], g.headers[field] = i, strings.TrimSpace(c)
		}
	}
}

// foldHeader drops case, spaces, stars and what stands in brackets: 片名(必填)* is 片名.
func foldHeader(s string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	if i := strings.IndexAny(s, "(（"); i > 0 {
		s = s[:i]
	}
	return strings.NewReplacer(" ", "", "_", "", "-", "", "*", "", "\ufeff", "").Replace(s)
}

func (g *grid) readCSV(data []byte, words map[string]string) error {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(data) { // Chinese Excel writes GB 18030
		decoded, err := simplifiedchinese.GB18030.NewDecoder().Bytes(data)
		if err != nil || bytes.ContainsRune(decoded, utf8.RuneError) {
			return ErrUnreadable.With("problem", "neither UTF-8 nor GB 18030")
		}
		data = decoded
	}
	if bytes.IndexByte(data, 0) >= 0 {
		return ErrUnreadable
	}
	r := csv.NewReader(bytes.NewReader(data))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	if first, _, _ := bytes.Cut(data, []byte("\n")); bytes.Count(first, []byte("\t")) >
		bytes.Count(first, []byte(",")) {
		r.Comma = '\t'
	}
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return ErrUnreadable.Wrap(err)
		}
		number, _ := r.FieldPos(0)
		if err := g.take(number, cells, words); err != nil {
			return err
		}
	}
}

// readXLSX reads the first sheet row by row. An .xlsx is a zip: its parts are bounded
// before and while they are unpacked.
func (g *grid) readXLSX(data []byte, words map[string]string) error {
	if err := checkZip(data); err != nil {
		return err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{
		UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxPart, RawCellValue: true})
	if err != nil {
		return ErrUnreadable.Wrap(err)
	}
	defer f.Close()
	if p, err := f.GetWorkbookProps(); err == nil && p.Date1904 != nil {
		g.date04 = *p.Date1904
	}
	sheets := f.GetSheetList()
	if len(sheets) == 0 {
		return ErrUnreadable
	}
	rows, err := f.Rows(sheets[0])
	if err != nil {
		return ErrUnreadable.Wrap(err)
	}
	defer rows.Close()
	for number := 1; rows.Next(); number++ {
		if number > 4*MaxRows {
			return ErrTooLarge.With("limit", "20,000 rows, empty ones counted")
		}
		cells, err := rows.Columns(excelize.Options{RawCellValue: true})
		if err != nil {
			return ErrUnreadable.Wrap(err)
		}
		for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
			cells = cells[:len(cells)-1]
		}
		if err := g.take(number, cells, words); err != nil {
			return err
		}
	}
	if err := rows.Error(); err != nil {
		return ErrUnreadable.Wrap(err)
	}
	return nil
}

// maxRatio is how much smaller than its content an archive may be: text packs about
// twentyfold, a bomb a thousandfold.
const maxRatio = 200

// checkZip refuses an archive by what it says of itself; what it hides is met by the
// limits while unpacking.
func checkZip(data []byte) error {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return ErrUnreadable.Wrap(err)
	}
	if len(z.File) > maxEntries {
		return ErrTooLarge.With("limit", "5,000 files in an archive")
	}
	var total uint64
	for _, f := range z.File {
		if f.UncompressedSize64 > maxPart {
			return ErrTooLarge.With("limit", "64 MB in one part")
		}
		total += f.UncompressedSize64
	}
	if total > maxUnzipped || total > uint64(len(data))*maxRatio {
		return ErrTooLarge.With("limit", "128 MB unpacked, and 200 times the packed size")
	}
	return nil
}
