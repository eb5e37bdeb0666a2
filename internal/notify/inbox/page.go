package inbox

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"regexp"
	"time"

	"foyer/internal/httpx"
	"foyer/internal/notify"
)

// Mount adds the page /dev/inbox, its style sheet and /dev/inbox.json. access is the
// caller's choice: httpx.Public for a demo that is shown on phones, httpx.Operator else.
func Mount(api *httpx.API, b *Inbox, access httpx.Access) {
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: "/dev/inbox",
		Access: access, Hidden: true, Page: true}, b.servePage)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodGet, Path: "/dev/inbox.css",
		Access: access, Hidden: true, Page: true},
		func(w http.ResponseWriter, r *http.Request) error {
			httpx.WriteBytes(w, r, http.StatusOK, "text/css; charset=utf-8", []byte(styleSheet))
			return nil
		})
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: "/dev/inbox.json",
		OperationID: "read-development-inbox", Summary: "Messages of the development inbox",
		Description: "What would have been sent by SMS and e-mail, the newest first. " +
			"Development only: production has no such route.",
		Tag: "development", Access: access}, b.list)
}

type listInput struct {
	Limit int `query:"limit" minimum:"1" maximum:"500" default:"50" doc:"messages"`
}

type listOutput struct {
	Body struct {
		Items []Letter `json:"items" nullable:"false"`
	}
}

func (b *Inbox) list(ctx context.Context, in *listInput) (*listOutput, error) {
	letters, err := b.Newest(ctx, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &listOutput{}
	out.Body.Items = letters
	return out, nil
}

const shown = 50 // letters on the page

func (b *Inbox) servePage(w http.ResponseWriter, r *http.Request) error {
	letters, err := b.Newest(r.Context(), shown)
	if err != nil {
		return err
	}
	said := wordsOf(httpx.LangOf(r.Context()))
	var page bytes.Buffer
	err = pageTemplate.Execute(&page, struct {
		W       words
		Letters []Letter
	}{said, letters})
	if err != nil {
		return err
	}
	httpx.WriteBytes(w, r, http.StatusOK, "text/html; charset=utf-8", page.Bytes())
	return nil
}

type words struct{ Lang, Title, Note, Empty, SMS, Email string }

func wordsOf(l httpx.Lang) words {
	if l == httpx.En {
		return words{"en", "Development inbox",
			"Messages land here instead of being sent. The page renews itself every 5 seconds.",
			"Nothing has been sent yet.", "SMS", "E-mail"}
	}
	return words{"zh-Hans", "开发收件箱", "短信与邮件不会真正发出,都显示在这里。页面每 5 秒自动刷新。",
		"还没有任何消息。", "短信", "邮件"}
}

var pageTemplate = template.Must(template.New("inbox").Funcs(template.FuncMap{
	"stamp": func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"clock": func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
	"code":  codeOf,
	"link":  linkOf,
}).Parse(`<!doctype html>
<html lang="{{.W.Lang}}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>{{.W.Title}}</title>
<link rel="stylesheet" href="/dev/inbox.css">
</head>
<body>
<header><a href="/">前厅 Foyer</a></header>
<main>
<h1>{{.W.Title}}</h1>
<p class="note">{{.W.Note}}</p>
{{if not .Letters}}<p class="empty">{{.W.Empty}}</p>{{end}}
<ol>
{{range .Letters}}<li data-topic="{{.Topic}}">
<p class="head"><span class="channel">
{{- if eq .Channel "sms"}}{{$.W.SMS}}{{else}}{{$.W.Email}}{{end}}</span>
<span class="to">{{.To}}</span>
<time datetime="{{stamp .At}}">{{clock .At}}</time></p>
<h2>{{.Subject}}</h2>
{{with code .}}<p class="code">{{.}}</p>
{{end}}<p class="text">{{.Text}}</p>
{{with link .}}<p class="link"><a href="{{.}}">{{.}}</a></p>
{{end}}</li>
{{end}}</ol>
</main>
</body>
</html>
`))

// codeOf is the one-time code of a letter, shown large since it is what people look for;
// empty for letters without one.
func codeOf(l Letter) string {
	switch l.Topic {
	case notify.TopicSignInCode, notify.TopicPasswordCode, notify.TopicConfirmCode:
		return sixDigits.FindString(l.Text)
	}
	return ""
}

// linkOf is the first address in a letter, to be opened; empty for letters without one.
func linkOf(l Letter) string { return address.FindString(l.Text) }

var address = regexp.MustCompile(`https?://[!-~]+`)

var sixDigits = regexp.MustCompile(`\b[0-9]{6}\b`)

const styleSheet = `:root { color-scheme: light dark; --ink: #16202c; --soft: #5a6270;
	--line: #e1e4ea;
  --paper: #fff; --back: #f3f4f7; --brand: #a3202f; }
@media (prefers-color-scheme: dark) { :root { --ink: #eef1f5; --soft: #a7afbd; --line: #2c3440;
  --paper: #181f29; --back: #10151c; --brand: #f08a94; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink);
  font: 16px/1.6 system-ui, "PingFang SC", "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; }
header { background: var(--paper); border-bottom: 1px solid var(--line); padding: .875rem 1rem; }
header a { display: block; max-width: 42rem; margin: 0 auto; color: inherit; font-weight: 600;
  text-decoration: none; }
main { max-width: 44rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.5rem; margin: 0 0 .25rem; }
h2 { font-size: 1rem; margin: .5rem 0 0; }
.note, .empty, .head { color: var(--soft); margin: 0; font-size: .875rem; }
.empty { margin-top: 2rem; text-align: center; }
ol { list-style: none; margin: 1.25rem 0 0; padding: 0; }
li { background: var(--paper); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1rem 1.125rem; margin: 0 0 .75rem; }
.head { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem .75rem; }
.head time { margin-left: auto; }
.channel { font-weight: 600; color: var(--brand); }
.to, time { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.code { margin: .25rem 0; font: 600 1.75rem/1.3 ui-monospace, monospace; letter-spacing: .15em;
  user-select: all; }
.link { margin: .25rem 0 0; overflow-wrap: anywhere; }
.text { margin: 0; color: var(--soft); overflow-wrap: anywhere; white-space: pre-wrap; }
a:focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
`
