// Package apipage is the page on which people read and try the API. It is our own HTML,
// CSS and JavaScript without any other host, made from /openapi.json in the browser.
package apipage

import (
	"embed"
	"io/fs"
	"net/http"
	"regexp"

	"foyer/internal/fault"
	"foyer/internal/httpx"
)

//go:embed files
var files embed.FS

// Register adds the page at /docs, and /problems/{code}, which problem documents name as
// their type and which leads to the refusal's entry on the page.
func Register(api *httpx.API) {
	for path, file := range map[string][2]string{
		"/docs":           {"page.html", "text/html; charset=utf-8"},
		"/docs/page.js":   {"page.js", "text/javascript; charset=utf-8"},
		"/docs/words.js":  {"words.js", "text/javascript; charset=utf-8"},
		"/docs/schema.js": {"schema.js", "text/javascript; charset=utf-8"},
		"/docs/page.css":  {"page.css", "text/css; charset=utf-8"},
	} {
		body, err := fs.ReadFile(files, "files/"+file[0])
		if err != nil {
			panic(err) // the file is part of the binary
		}
		doc := httpx.NewDocument(file[1], body, "")
		page(api, path, func(w http.ResponseWriter, r *http.Request) error {
			doc.Serve(w, r)
			return nil
		})
	}
	page(api, "/problems/{code}", problem)
}

func page(api *httpx.API, path string, h httpx.RawHandler) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: path, Access: httpx.Public,
		Rate: httpx.Unlimited, Hidden: true, Page: true}, h)
}

var code = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)

func problem(w http.ResponseWriter, r *http.Request) error {
	c := r.PathValue("code")
	if !code.MatchString(c) {
		return fault.Missing
	}
	http.Redirect(w, r, "/docs#problem-"+c, http.StatusFound)
	return nil
}
