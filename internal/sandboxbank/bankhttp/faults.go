package bankhttp

import (
	"encoding/json"
	"html/template"
	"io"
	"net/http"

	"foyer/internal/sandboxbank"
)

const maxFaults = 1 << 20 // bytes

func (h *Handler) mountFaults() {
	page := template.Must(template.New("faults").Parse(faultsHTML))
	h.mux.HandleFunc("GET /faults", func(w http.ResponseWriter, r *http.Request) {
		f, err := h.bank.FaultsNow()
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		now, err := json.MarshalIndent(f, "", "  ")
		if err != nil {
			h.refuse(w, r, err)
			return
		}
		h.render(w, page, http.StatusOK, map[string]any{"Bank": h.bank.Name(),
			"All": sandboxbank.AllFaults(), "Now": string(now), "Lang": langOf(r)})
	})
	h.mux.HandleFunc("POST /faults", func(w http.ResponseWriter, r *http.Request) {
		if err := h.setFaults(r); err != nil {
			h.refuse(w, r, err)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	})
}

// setFaults takes JSON only, so that no foreign page can send it with a plain form.
func (h *Handler) setFaults(r *http.Request) error {
	if r.Header.Get("Content-Type") != "application/json" {
		return sandboxbank.ErrParam
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, maxFaults+1))
	if err != nil || len(body) > maxFaults {
		return sandboxbank.ErrParam
	}
	var f sandboxbank.Faults
	if err := h.decoder.Unmarshal(body, &f); err != nil {
		return sandboxbank.ErrParam
	}
	return h.bank.SetFaults(f)
}
