package httpx

import (
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"foyer/internal/fault"
)

const schemaPrefix = "#/components/schemas/"

func newHuma(a *API, cfg Config) huma.API {
	title, version := cfg.Title, cfg.Version
	if title == "" {
		title = "Foyer"
	}
	if version == "" {
		version = "1"
	}
	return huma.NewAPI(huma.Config{
		OpenAPI: &huma.OpenAPI{OpenAPI: "3.1.0",
			Info: &huma.Info{Title: title, Version: version},
			Components: &huma.Components{
				Schemas: huma.NewMapRegistry(schemaPrefix, namer()),
				SecuritySchemes: map[string]*huma.SecurityScheme{"token": {Type: "http",
					Scheme: "bearer", Description: "the token that a sign-in answers with"}},
			}},
		// Without a format for problems huma complains on stderr about every refusal.
		Formats: map[string]huma.Format{jsonMedia: huma.DefaultJSONFormat,
			problemType: huma.DefaultJSONFormat},
		DefaultFormat: jsonMedia,
		// A misspelt filter that is silently ignored shows a list that was not asked for.
		RejectUnknownQueryParameters: true,
	}, adapter{a})
}

// namer gives each type one name. A struct without a name of its own is called after the
// one that holds it; where two modules have holders of one name, the later is numbered, in
// the order of registration, which never changes by itself.
func namer() func(t reflect.Type, hint string) string {
	taken := map[string]reflect.Type{}
	return func(t reflect.Type, hint string) string {
		base := schemaName(t, hint)
		name := base
		for n := 2; ; n++ {
			if known, ok := taken[name]; !ok || known == t {
				taken[name] = t
				return name
			}
			name = base + strconv.Itoa(n)
		}
	}
}

var typePart = regexp.MustCompile(`([\w./-]+)\.(\w+)`)

// schemaName names a type in the document after its noun and itself, so that two modules
// may have a type of the same name: catalog's Event is Event or CatalogEvent where the
// name does not begin with the noun.
func schemaName(t reflect.Type, hint string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Name() == "" {
		return upper(hint)
	}
	name := typePart.ReplaceAllStringFunc(t.Name(), func(s string) string {
		i := strings.LastIndexByte(s, '.')
		return withNoun(s[:i], s[i+1:])
	})
	base, args, _ := strings.Cut(name, "[")
	out := withNoun(t.PkgPath(), base)
	for part := range strings.FieldsFuncSeq(args, func(r rune) bool {
		return strings.ContainsRune("[]*, ", r)
	}) {
		out += upper(part)
	}
	return out
}

func withNoun(pkg, name string) string {
	i := strings.LastIndexByte(pkg, '/')
	noun := strings.TrimSuffix(pkg[i+1:], "http")
	if noun == "" || pkg == reflect.TypeFor[Problem]().PkgPath() || noun == "fault" ||
		strings.HasPrefix(strings.ToLower(name), noun) {
		return upper(name)
	}
	return upper(noun) + upper(name)
}

func upper(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// humaOp is the operation of a typed route.
func (a *API) humaOp(rt *route) huma.Operation {
	op := &rt.op
	h := huma.Operation{Method: op.Method, Path: op.Path, OperationID: op.OperationID,
		Summary: op.Summary, Description: op.Description, DefaultStatus: op.Status,
		Hidden: op.Hidden, Metadata: map[string]any{"route": rt},
		// The door has read the body within its limit before huma sees it.
		MaxBodyBytes: -1, BodyReadTimeout: -1}
	if op.Tag != "" {
		h.Tags = []string{op.Tag}
	}
	if !op.Access.is(public) && !op.Access.is(provider) {
		h.Security = []map[string][]string{{"token": {}}}
		if op.Access.admitsStrangers() {
			h.Security = append(h.Security, map[string][]string{})
		}
	}
	if op.Idempotent {
		one, many := 1, 128
		h.Parameters = append(h.Parameters, &huma.Param{Name: keyHeader, In: "header",
			Required: true, Description: "fresh for each intent, the same for each repeat of it",
			Schema: &huma.Schema{Type: "string", MinLength: &one, MaxLength: &many}})
	}
	h.Extensions = map[string]any{"x-foyer-access": op.Access.String(),
		"x-foyer-rate": op.Rate.Name, "x-foyer-refusals": a.refusals(rt)}
	h.Responses = a.problemResponses(rt)
	return h
}

func (a Access) admitsStrangers() bool {
	return slices.ContainsFunc(a.rules, func(r rule) bool { return r.kind == anonymous })
}

// refusalDoc is one refusal in the document.
type refusalDoc struct {
	Code   string `json:"code"`
	Status int    `json:"status"`
	Zh     string `json:"zh"`
	En     string `json:"en"`
	Do     string `json:"do"`
}

// refused are the route's own refusals and those that the door adds for it.
func (rt *route) refused() []*fault.Definition {
	op := &rt.op
	out := slices.Clone(op.Refusals)
	add := func(list ...*fault.Definition) {
		for _, d := range list {
			if !slices.Contains(out, d) {
				out = append(out, d)
			}
		}
	}
	switch {
	case op.Access.is(public), op.Access.is(provider):
	case op.Access.is(operator):
		add(OperatorOnly)
	default:
		add(fault.SignInFirst, fault.NotAllowed)
	}
	if op.Rate.Count > 0 {
		add(TooManyRequests)
	}
	if op.Idempotent {
		add(KeyRequired, KeyInvalid)
	}
	if op.Method != http.MethodGet && op.Method != http.MethodDelete {
		add(Malformed, BodyTooLarge, WrongContentType, fault.BadInput)
	}
	if op.Stream {
		add(TooManyStreams)
	}
	add(fault.Unexpected)
	return out
}

func (a *API) refusals(rt *route) []refusalDoc {
	var out []refusalDoc
	for _, d := range rt.refused() {
		out = append(out, refusalDoc{d.Code, statusOf(d), d.Zh, d.En, d.Do})
	}
	return out
}

// problemResponses documents every status that the route may refuse with.
func (a *API) problemResponses(rt *route) map[string]*huma.Response {
	codes := map[int][]string{}
	for _, d := range rt.refused() {
		codes[statusOf(d)] = append(codes[statusOf(d)], d.Code)
	}
	schema := a.huma.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "")
	out := map[string]*huma.Response{}
	for status, list := range codes {
		out[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status) + ": " + strings.Join(list, ", "),
			Content:     map[string]*huma.MediaType{problemType: {Schema: schema}},
		}
	}
	return out
}

// documentRaw adds a raw route to the document from the Go types that it names.
func (a *API) documentRaw(rt *route) {
	op, h := &rt.op, a.humaOp(rt)
	registry := a.huma.OpenAPI().Components.Schemas
	h.Parameters = append(h.Parameters, params(registry, op)...)
	if op.Request != nil {
		h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			jsonMedia: {Schema: schemaOf(registry, op.Request, op.OperationID+"Request")}}}
	} else if op.Accepts != "" {
		h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			op.Accepts: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	}
	status := op.Status
	if status == 0 {
		status = http.StatusOK
	}
	ok := &huma.Response{Description: http.StatusText(status)}
	media := op.Produces
	if op.Stream {
		media = "text/event-stream"
	}
	switch {
	case op.Response != nil:
		if media == "" {
			media = jsonMedia
		}
		ok.Content = map[string]*huma.MediaType{
			media: {Schema: schemaOf(registry, op.Response, op.OperationID+"Response")}}
	case media != "":
		ok.Content = map[string]*huma.MediaType{media: {Schema: &huma.Schema{Type: "string"}}}
	}
	h.Responses[strconv.Itoa(status)] = ok
	a.huma.OpenAPI().AddOperation(&h)
}

func schemaOf(registry huma.Registry, v any, hint string) *huma.Schema {
	t, ok := v.(reflect.Type)
	if !ok {
		t = reflect.TypeOf(v)
	}
	return registry.Schema(t, true, upper(hint))
}

var pathParam = regexp.MustCompile(`\{(\w+)(?:\.\.\.)?\}`)

// params are the parameters of a raw route: the tagged fields of Params, and what of the
// path those leave out.
func params(registry huma.Registry, op *Op) []*huma.Param {
	var out []*huma.Param
	seen := map[string]bool{}
	if op.Params != nil {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(op.Params)) {
			for _, in := range []string{"path", "query", "header"} {
				name, _, _ := strings.Cut(f.Tag.Get(in), ",")
				if name == "" {
					continue
				}
				seen[name] = true
				out = append(out, &huma.Param{Name: name, In: in, Description: f.Tag.Get("doc"),
					Required: in == "path" || f.Tag.Get("required") == "true",
					Schema:   huma.SchemaFromField(registry, f, "")})
			}
		}
	}
	for _, m := range pathParam.FindAllStringSubmatch(op.Path, -1) {
		if !seen[m[1]] {
			out = append(out, &huma.Param{Name: m[1], In: "path", Required: true,
				Schema: &huma.Schema{Type: "string"}})
		}
	}
	return out
}

// OpenAPI is the API document, OpenAPI 3.1 in JSON, the same bytes for the same routes.
func (a *API) OpenAPI() ([]byte, error) {
	b, err := json.MarshalIndent(a.huma.OpenAPI(), "", " ")
	if err != nil {
		return nil, err
	}
	return append(b, '\n'), nil
}

func (a *API) serveDocument(w http.ResponseWriter, r *http.Request) error {
	d, err := a.documentNow()
	if err != nil {
		return fault.Unexpected.Wrap(err)
	}
	d.Serve(w, r)
	return nil
}

// documentNow makes the document when it is first asked for: by then all routes are there.
func (a *API) documentNow() (*Document, error) {
	d := &a.document
	d.Lock()
	defer d.Unlock()
	if d.made == nil || d.of != len(a.routes) {
		b, err := a.OpenAPI()
		if err != nil {
			return nil, err
		}
		d.made, d.of = NewDocument("application/openapi+json", b, ""), len(a.routes)
	}
	return d.made, nil
}
