// Package pages is the few pages that the server itself shows: what runs here, and the two
// forms that make a person's first sign-in possible before any console is installed. They
// are our own HTML, CSS and JavaScript, ask no other host, and keep secrets out of every
// address: a one-time token comes behind the # of a link, which a browser never sends.
package pages

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"

	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/ticket/qr"
)

//go:embed files
var files embed.FS

// Config says what the pages may point at.
type Config struct {
	// Development names the development inbox and says that nothing here is for real money.
	Development bool
}

// Mount adds the pages and what they load.
func Mount(api *httpx.API, cfg Config) {
	for path, name := range map[string]string{
		"/{$}":              "landing.html",
		"/orders/{id}":      "order.html", // where a cashier sends the payer back to
		"/staff/setup":      "setup.html",
		"/staff/invitation": "invitation.html",
		"/account/verify":   "account.html",
		"/account/recover":  "account.html",
		"/account/not-me":   "account.html",
		"/staff/recover":    "account.html",
		"/staff/not-me":     "account.html",
	} {
		serve(api, path, httpx.NewDocument("text/html; charset=utf-8", render(name, cfg), ""))
	}
	for name, contentType := range map[string]string{
		"page.css":   "text/css; charset=utf-8",
		"landing.js": "text/javascript; charset=utf-8",
		"enrol.js":   "text/javascript; charset=utf-8",
		"account.js": "text/javascript; charset=utf-8",
		"captcha.js": "text/javascript; charset=utf-8",
		"icon.svg":   "image/svg+xml",
	} {
		serve(api, "/pages/"+name, httpx.NewDocument(contentType, read(name), ""))
	}
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodPost, Path: "/pages/enrolment.svg",
		Access: httpx.Public, Rate: httpx.SignInRate, Hidden: true, Page: true,
		MaxBody: maxURL}, drawEnrolment)
}

func serve(api *httpx.API, path string, doc *httpx.Document) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: path, Access: httpx.Public,
		Rate: httpx.Unlimited, Hidden: true, Page: true},
		func(w http.ResponseWriter, r *http.Request) error {
			doc.Serve(w, r)
			return nil
		})
}

// render fills in a page. It panics on a page that is wrong, which every start would show.
func render(name string, cfg Config) []byte {
	set := template.Must(template.ParseFS(files, "files/frame.html", "files/"+name))
	var page bytes.Buffer
	if err := set.ExecuteTemplate(&page, name, cfg); err != nil {
		panic(err)
	}
	return page.Bytes()
}

func read(name string) []byte {
	body, err := files.ReadFile("files/" + name)
	if err != nil {
		panic(err) // the file is part of the binary
	}
	return body
}

// maxURL is the length of an enrolment's address, in bytes: an issuer, an e-mail address
// with every byte escaped, a secret and what stands between.
const maxURL = 1024

// drawEnrolment draws the QR code of a second factor. The address comes in the body and is
// neither kept nor written anywhere. It refuses what is not such an address, so that nobody
// has codes drawn here that lead elsewhere.
func drawEnrolment(w http.ResponseWriter, r *http.Request) error {
	body, err := httpx.ReadBody(r, 0)
	if err != nil {
		return err
	}
	text := string(body)
	if !strings.HasPrefix(text, "otpauth://totp/") {
		return fault.BadInput.At("body", "must be an otpauth address / 不是验证器地址")
	}
	symbol, err := qr.New(text)
	if err != nil {
		return err
	}
	httpx.WriteBytes(w, r, http.StatusOK, "image/svg+xml", symbol.SVG())
	return nil
}
