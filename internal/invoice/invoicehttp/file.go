package invoicehttp

import (
	"bytes"
	"encoding/csv"
	"net/http"

	"github.com/xuri/excelize/v2"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/invoice"
)

const (
	csvMedia  = "text/csv; charset=utf-8"
	xlsxMedia = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
)

type fileBody struct {
	Format string `json:"format" enum:"csv,xlsx"`
}

// file answers with a batch as a table.
func (d *door) file(w http.ResponseWriter, r *http.Request) error {
	scope, err := d.scope(r.PathValue("org"))
	if err != nil {
		return err
	}
	id, err := d.keys.Parse(invoice.KindBatch, r.PathValue("id"))
	if err != nil {
		return err
	}
	var body fileBody
	if err := httpx.DecodeJSON(r, &body, 0); err != nil {
		return err
	}
	make, media := asCSV, csvMedia
	switch body.Format {
	case "csv":
	case "xlsx":
		make, media = asXLSX, xlsxMedia
	default:
		return fault.BadInput.At("format", "must be csv or xlsx / 格式应为 csv 或 xlsx")
	}
	rows, err := d.invoices.Rows(r.Context(), httpx.ActorOf(r.Context()), scope, id)
	if err != nil {
		return err
	}
	table := [][]string{invoice.Columns()}
	for _, one := range rows {
		table = append(table, one.Cells())
	}
	data, err := make(table)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Disposition", `attachment; filename="invoices.`+body.Format+`"`)
	w.Header().Set("Cache-Control", "no-store")
	httpx.WriteBytes(w, r, http.StatusOK, media, data)
	return nil
}

// asCSV begins with the mark by which spreadsheets know UTF-8.
func asCSV(table [][]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	err := w.WriteAll(table)
	return b.Bytes(), err
}

// asXLSX writes every cell as text: a tax number must not become a number, and what a person
// typed must not become a formula.
func asXLSX(table [][]string) ([]byte, error) {
	f := excelize.NewFile()
	defer f.Close()
	sheet := f.GetSheetName(0)
	for y, row := range table {
		for x, text := range row {
			cell, err := excelize.CoordinatesToCellName(x+1, y+1)
			if err != nil {
				return nil, err
			}
			if err := f.SetCellStr(sheet, cell, text); err != nil {
				return nil, err
			}
		}
	}
	b, err := f.WriteToBuffer()
	if err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
