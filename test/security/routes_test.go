package security_test

import "strings"

// Who may do a thing, as the sets that come up again and again. "elsewhere" is a manager of
// another venue of the same organization.
const (
	nobody    = ""
	everybody = "*"
	anyStaff  = "owner manager box_office usher bookkeeper elsewhere"
	everyone  = anyStaff + " other owner" // of the staff, whatever the organization
	managers  = "owner manager"
	counter   = "owner manager box_office"
	books     = "owner manager bookkeeper"
	viewers   = "owner manager box_office bookkeeper"
	gatekeep  = "owner manager box_office usher"
	members   = "member,other member"
)

// route is how a route is called: with ids of the first organization's own objects and a
// body that means something there.
type route struct {
	path  string // with {order}, {venue} … of the house; empty: the pattern itself
	may   string // who reaches it: names, split by commas
	body  any    // a value, or func(h *house) any
	spare bool   // the call ends the caller's token: use another one
	key   bool   // it wants an Idempotency-Key
	// mine says that the object is a person's own: everybody else misses it.
	mine bool
	// public says that the object is no secret: staff of other houses may not, and may know.
	public bool
	// fresh makes the object anew before each call that may use it up.
	fresh func(w *world)
}

// short writes the long beginnings of addresses out.
var short = strings.NewReplacer("ORG", "/api/v1/staff/organizations/{org}", "API", "/api/v1")

// shortMatrix is every route of the product, with API for /api/v1 and ORG for an organization's
// part of it. A new route fails the test until it is listed here
// with who may call it.
var shortMatrix = map[string]route{
	"GET /{$}":     {path: "/", may: everybody},
	"GET /healthz": {may: everybody},
	"GET /readyz":  {may: everybody},
	// From this machine; others are in TestMetricsAreTheOperators.
	"GET /metrics":          {may: everybody},
	"GET /openapi.json":     {may: everybody},
	"GET /docs":             {may: everybody},
	"GET /docs/page.css":    {may: everybody},
	"GET /docs/page.js":     {may: everybody},
	"GET /docs/schema.js":   {may: everybody},
	"GET /docs/words.js":    {may: everybody},
	"GET /problems/{code}":  {path: "/problems/not_found", may: everybody},
	"GET /dev/inbox":        {may: everybody}, // of a development installation only
	"GET /dev/inbox.css":    {may: everybody},
	"GET /dev/inbox.json":   {may: everybody},
	"GET /orders/{id}":      {may: everybody},
	"GET /staff/setup":      {may: everybody},
	"GET /staff/invitation": {may: everybody},
	"GET /account/verify":   {may: everybody},
	"GET /account/recover":  {may: everybody},
	"GET /account/not-me":   {may: everybody},
	"GET /staff/recover":    {may: everybody},
	"GET /staff/not-me":     {may: everybody},
	"GET /pages/account.js": {may: everybody},
	"GET /pages/captcha.js": {may: everybody},
	"GET /pages/enrol.js":   {may: everybody},
	"GET /pages/icon.svg":   {may: everybody},
	"GET /pages/landing.js": {may: everybody},
	"GET /pages/page.css":   {may: everybody},
	"POST /pages/enrolment.svg": {may: everybody,
		body: []byte("otpauth://totp/Foyer:a?secret=JBSWY3DPEHPK3PXP")},

	"GET API/events":      {may: everybody},
	"GET API/events/{id}": {path: "API/events/{event}", may: everybody},
	"GET API/search":      {path: "API/search?q=长夜", may: everybody},
	"GET API/venues":      {may: everybody},
	"GET API/venues/{id}": {path: "API/venues/{venue}", may: everybody},
	"GET API/venues/{id}/calendar": {path: "API/venues/{venue}/calendar?month=2027-01",
		may: everybody},
	"GET API/sessions":      {may: everybody},
	"GET API/sessions/{id}": {path: "API/sessions/{session}", may: everybody},
	"GET API/sessions/{id}/seats": {path: "API/sessions/{session}/seats",
		may: everybody},
	"GET API/sessions/{id}/seats/stream": {path: "API/sessions/{session}/seats/stream",
		may: everybody},
	"GET API/seat-maps/{id}":     {path: "API/seat-maps/{map}", may: everybody},
	"GET API/organizations/{id}": {path: "API/organizations/{org}", may: everybody},
	"GET API/media/{id}":         {path: "API/media/{media}", may: everybody},

	// What proves who somebody is answers everybody; what it says is proved elsewhere.
	"POST API/auth/codes": {may: everybody, body: fields{"phone": "12345"}},
	"POST API/auth/sign-in": {may: everybody,
		body: fields{"phone": "12345", "code": "000000"}},
	"POST API/staff/setup":              {may: everybody, body: fields{"token": "x"}},
	"POST API/staff/auth/sign-in":       {may: everybody, body: fields{"email": "x"}},
	"POST API/staff/auth/totp":          {may: everybody, body: fields{"email": "x"}},
	"POST API/staff/auth/enrolment":     {may: everybody, body: fields{"email": "x"}},
	"POST API/staff/invitations/accept": {may: everybody, body: fields{"token": 1}},
	"POST API/gate/enrol":               {may: everybody, body: fields{"code": "x"}},
	"POST API/notify/sandbox":           {may: everybody, body: fields{"forged": true}},
	"POST API/captchas":                 {may: everybody, body: fields{"subject": ""}},
	"POST API/captchas/{id}/answer": {path: "API/captchas/x/answer", may: everybody,
		body: fields{"x": "here"}},
	"POST API/auth/email/verify": {may: everybody, body: fields{"token": "x"}},
	"POST API/auth/recovery":     {may: everybody, body: fields{"email": "x"}},
	"POST API/auth/recovery/password": {may: everybody,
		body: fields{"token": "x", "new_password": "x"}},
	"POST API/auth/not-me":         {may: everybody, body: fields{"token": "x"}},
	"POST API/staff/auth/recovery": {may: everybody, body: fields{"email": "x"}},
	"POST API/staff/auth/recovery/password": {may: everybody,
		body: fields{"token": "x", "totp": "x", "new_password": "x"}},
	"POST API/staff/auth/not-me": {may: everybody, body: fields{"token": "x"}},
	"GET API/consent-texts":      {may: everybody},
	// From this machine; who asks from elsewhere needs the operator's token.
	"POST API/operator/consent-texts": {may: everybody, body: fields{"purpose": "x"}},
	"GET API/me/consents":             {may: members},
	"PUT API/me/consents/{purpose}": {path: "API/me/consents/privacy_notice", may: members,
		body: fields{"given": true, "version": 1}},
	"GET API/me/companions":  {may: members},
	"POST API/me/companions": {may: members, body: fields{"relation": "x"}},
	"PUT API/me/companions/{id}": {path: "API/me/companions/x", may: members,
		body: fields{"relation": "x"}},
	"DELETE API/me/companions/{id}": {path: "API/me/companions/{companion}", may: "member",
		mine: true, fresh: (*world).companion},
	"POST API/me/email":                     {may: members, body: fields{"email": "x"}},
	"POST API/me/email/remove":              {may: members, body: fields{"code": 1}},
	"POST API/me/export":                    {may: members, body: fields{"code": 1}},
	"POST API/me/closure":                   {may: members, body: fields{"code": 1}},
	"POST API/me/sign-ins/end-others":       {may: members},
	"POST API/staff/me/sign-ins/end-others": {may: everyone},
	"GET API/me":                            {may: members},
	"PATCH API/me":                          {may: members, body: fields{"language": "en"}},
	"PUT API/me/password":                   {may: members, body: fields{"new_password": "x"}},
	"GET API/me/sign-ins":                   {may: members},
	"DELETE API/me/sign-ins":                {may: members, spare: true},
	"DELETE API/me/sign-ins/{id}": {path: "API/me/sign-ins/{sign_in}",
		may: "member", mine: true, fresh: (*world).memberSignIn},
	"POST API/auth/sign-out": {may: members, spare: true},
	"GET API/staff/me":       {may: everyone},
	"PUT API/staff/me/password": {may: everyone,
		body: fields{"current_password": "x", "new_password": "x", "totp": "x"}},
	"GET API/staff/me/sign-ins":    {may: everyone},
	"DELETE API/staff/me/sign-ins": {may: everyone, spare: true},
	"DELETE API/staff/me/sign-ins/{id}": {path: "API/staff/me/sign-ins/{staff_sign_in}",
		may: "owner", mine: true, fresh: (*world).staffSignIn},
	"POST API/staff/auth/sign-out":        {may: everyone, spare: true},
	"GET API/staff/permissions":           {may: everyone},
	"GET API/staff/refund-policy-presets": {may: everyone},

	"POST API/quotes": {may: "," + members, body: func(h *house) any {
		return h.orderBody(1)
	}},
	// Sessions are public, so staff of other houses hear that they may not sell there.
	"POST API/orders": {may: members + "," + counter, key: true, public: true,
		body: func(h *house) any {
			return h.orderBody(999999)
		}},
	"GET API/orders":      {may: members},
	"GET API/orders/{id}": {path: "API/orders/{order}", may: "member," + viewers},
	"POST API/orders/{id}/cancel": {path: "API/orders/{order}/cancel",
		may: "member," + counter},
	"PUT API/orders/{id}/lines": {path: "API/orders/{order}/lines",
		may: "member," + counter, body: func(h *house) any {
			b := h.orderBody(1)
			delete(b, "session_id")
			return b
		}},
	"PUT API/orders/{id}/visitors": {path: "API/orders/{order}/visitors",
		may: "member," + counter, body: fields{"visitors": []fields{{"line": 1, "unit": 1,
			"name": "王芳", "document_kind": "id_card", "document_number": "11010519491231002X"}}}},
	"GET API/orders/{id}/payments": {path: "API/orders/{order}/payments",
		may: "member," + viewers},
	"POST API/orders/{id}/payments": {path: "API/orders/{order}/payments",
		may: "member," + counter, key: true,
		body: fields{"channel": "sandbox"}},
	"POST API/orders/{id}/refund-quote": {path: "API/orders/{order}/refund-quote",
		may: "member," + viewers, body: fields{}},
	"POST API/orders/{id}/refunds": {path: "API/orders/{order}/refunds",
		may: "member," + counter, key: true,
		body: fields{"expect_refund_minor": 1}},
	"POST API/orders/{id}/change-quote": {path: "API/orders/{order}/change-quote",
		may: "member," + viewers, body: swap},
	"GET API/orders/{id}/gate-waits": {path: "API/orders/{order}/gate-waits",
		may: "member," + viewers},
	"POST API/orders/{id}/gate-waits/withdraw": {path: "API/orders/{order}/gate-waits/withdraw",
		may: "member," + counter},
	"POST API/staff/orders/{id}/gate-waits/book": {
		path: "API/staff/orders/{order}/gate-waits/book", may: counter,
		body: fields{"reason": "闸机当日未开"}},
	"POST API/staff/orders/{id}/upgrade-quote": {path: "API/staff/orders/{order}/upgrade-quote",
		may: counter, body: upgrade},
	"POST API/staff/orders/{id}/upgrades": {path: "API/staff/orders/{order}/upgrades",
		may: counter, key: true, body: upgrade},
	"POST API/orders/{id}/changes": {path: "API/orders/{order}/changes",
		may: "member," + counter, key: true, body: swap},
	"GET API/orders/{id}/changes": {path: "API/orders/{order}/changes",
		may: "member," + viewers},
	"POST API/orders/{id}/move/accept": {path: "API/orders/{order}/move/accept",
		may: "member," + counter, body: fields{}},
	"POST API/orders/{id}/move/refund": {path: "API/orders/{order}/move/refund",
		may: "member," + counter, key: true, body: fields{}},
	"POST API/orders/{id}/changes/cancel": {path: "API/orders/{order}/changes/cancel",
		may: "member," + counter},
	"GET API/orders/{id}/tickets": {path: "API/orders/{order}/tickets",
		may: "member," + viewers},
	"GET API/orders/{id}/agreement": {path: "API/orders/{order}/agreement",
		may: "member," + viewers},
	"POST API/staff/orders/{id}/agree": {path: "API/staff/orders/{order}/agree",
		may: managers, body: fields{"words": "x"}},
	"POST API/staff/orders/{id}/decline": {path: "API/staff/orders/{order}/decline",
		may: managers, body: fields{"words": "x"}},
	"GET ORG/order-requests": {may: managers + " elsewhere"},
	"PUT API/orders/{id}/invoice": {path: "API/orders/{order}/invoice",
		may:  "member," + books,
		body: fields{"title_kind": "person", "title": "x", "email": "a@b.cn"}},
	"GET API/orders/{id}/invoice": {path: "API/orders/{order}/invoice",
		may: "member," + books},
	"DELETE API/orders/{id}/invoice": {path: "API/orders/{order}/invoice",
		may: "member," + books},
	"GET ORG/invoices":         {may: books},
	"POST ORG/invoice-batches": {may: books},
	"POST ORG/invoice-batches/{id}/file": of("invoice-batches/{batch}/file", books,
		fields{"format": "csv"}),
	"POST ORG/invoices/{id}/number": of("invoices/{invoice}/number", books,
		fields{"number": "12345678", "revision": 99}),
	"POST ORG/invoices/{id}/red-letter": of("invoices/{invoice}/red-letter", books,
		fields{"number": "12345678", "revision": 99}),
	"GET API/payments/{id}":         {path: "API/payments/{payment}", may: "member," + viewers},
	"GET API/refunds/{id}":          {path: "API/refunds/{refund}", may: "member," + viewers},
	"POST API/sessions/{id}/alerts": {path: "API/sessions/{session}/alerts", may: members},
	"GET API/alerts":                {may: members},
	"POST API/alerts/{id}/withdraw": {path: "API/alerts/alr_none/withdraw", may: members},

	"GET API/tickets":      {may: members},
	"GET API/tickets/{id}": {path: "API/tickets/{ticket}", may: "member," + viewers},
	"GET API/tickets/{id}/qr.png": {path: "API/tickets/{ticket}/qr.png",
		may: "member," + counter},
	"GET API/tickets/{id}/qr.svg": {path: "API/tickets/{ticket}/qr.svg",
		may: "member," + counter},
	"POST API/staff/tickets/{id}/reissue": {path: "API/staff/tickets/{ticket}/reissue",
		may:  counter,
		body: fields{"code_version": 99}},
	"PUT API/staff/tickets/{id}/photo": {path: "API/staff/tickets/{ticket}/photo",
		may: counter, body: fields{"media_id": ""}},
	"POST API/staff/orders/{id}/extend": {path: "API/staff/orders/{order}/extend",
		may: counter, body: fields{"minutes": 5}},
	"GET API/staff/orders/{id}/buyer": {path: "API/staff/orders/{order}/buyer", may: viewers},
	"POST API/staff/orders/{id}/buyer/unmask": {path: "API/staff/orders/{order}/buyer/unmask",
		may: managers, body: fields{"reason": "核对来电者"}},
	"POST API/staff/orders/{id}/visitors/unmask": {
		path: "API/staff/orders/{order}/visitors/unmask", may: managers,
		body: fields{"line": 1, "unit": 1, "person": 1, "reason": "核对证件"}},
	"GET API/staff/orders/{id}/payments": {path: "API/staff/orders/{order}/payments",
		may: viewers},
	"POST API/staff/payments/{id}/query": {path: "API/staff/payments/{payment}/query",
		may: books},
	"POST API/staff/payments/{id}/give-up": {path: "API/staff/payments/{payment}/give-up",
		may: books},
	"POST API/staff/refunds/{id}/retry": {path: "API/staff/refunds/{refund}/retry",
		may: books},
	"POST API/staff/refunds/{id}/handed-back": {may: books,
		path: "API/staff/refunds/{refund}/handed-back"},

	"GET API/gate/device": {may: "device,other device"},
	"POST API/gate/check-ins": {may: "device,other device," + gatekeep + " elsewhere other owner",
		body: fields{"code": "x", "direction": "entry", "nonce": "matrix"}},
	"POST API/gate/check-ins/{id}/undo": {path: "API/gate/check-ins/{check_in}/undo",
		may: "device," + gatekeep},
	"GET API/gate/counts": {path: "API/gate/counts?venue_id={venue}",
		may: "device," + gatekeep},
	"GET API/gate/sessions": {path: "API/gate/sessions?venue_id={venue}",
		may: "device," + gatekeep},
	"GET API/gate/keys": {may: "device,other device," + gatekeep + " elsewhere other owner"},
	"GET API/gate/precincts": {path: "API/gate/precincts?venue_id={venue}",
		may: "device," + gatekeep},
	"GET API/gate/list": {may: "device,other device"},
	"POST API/gate/media": {may: "device,other device," + gatekeep + " elsewhere other owner",
		body: fields{"medium": "nfc:04A1B2C3D4", "code": "FOYER"}},
	"POST API/gate/media/unbind": {may: gatekeep + " elsewhere other owner",
		body: fields{"medium": "nfc:nothing"}},
	"POST API/gate/scans": {may: "device,other device", body: fields{
		"device_time": "2026-11-22T00:00:00Z", "scans": []fields{{"code": "x",
			"direction": "entry", "nonce": "matrix", "at": "2026-11-22T00:00:00Z"}}}},
	"GET API/gate/tickets": {path: "API/gate/tickets?venue_id={venue}&phone_tail=0000",
		may: gatekeep},

	"GET ORG":        {may: anyStaff},
	"PUT ORG":        {may: "owner", body: fields{"name": "甲", "revision": 99}},
	"POST ORG/media": {may: managers + " elsewhere", body: []byte("x")},
	"GET ORG/payment-figures": {path: "ORG/payment-figures?from=2026-11-01&to=2026-11-02",
		may: viewers},

	"GET ORG/journal": {may: books},
	"POST ORG/consent-texts": {may: "owner", body: fields{"purpose": "marketing",
		"title_zh": "推荐", "title_en": "News", "body_zh": "偶尔推荐", "body_en": "Now and then"}},

	"GET ORG/venues":      {may: anyStaff},
	"POST ORG/venues":     {may: managers, body: venueBody("新馆")},
	"GET ORG/venues/{id}": of("venues/{venue}", anyStaff, nil),
	"PUT ORG/venues/{id}": of("venues/{venue}", managers, stale(venueBody("x"))),
	"POST ORG/venues/{id}/state": of("venues/{venue}/state",
		managers, stale(fields{"state": "draft"})),
	"GET ORG/venues/{ven}/devices": of("venues/{venue}/devices", managers+" usher", nil),
	"POST ORG/venues/{ven}/devices": of("venues/{venue}/devices",
		managers+" usher", fields{"name": "机"}),
	"GET ORG/venues/{ven}/gates": of("venues/{venue}/gates", managers+" usher", nil),
	"POST ORG/venues/{ven}/gates": of("venues/{venue}/gates",
		managers+" usher", fields{"name": "门"}),
	"GET ORG/venues/{ven}/precincts": of("venues/{venue}/precincts", managers+" usher", nil),
	"POST ORG/venues/{ven}/precincts": of("venues/{venue}/precincts",
		managers+" usher", fields{"code": "sky", "name": "天台"}),
	"PUT ORG/venues/{ven}/precincts/{id}": of("venues/{venue}/precincts/{precinct}",
		managers+" usher", fields{"code": "garden", "name": "花园"}),
	"GET ORG/venues/{ven}/conflicts": of("venues/{venue}/conflicts", gatekeep, nil),
	"POST ORG/conflicts/{id}/settle": of("conflicts/{conflict}/settle", gatekeep,
		fields{"note": "已核实"}),
	"PUT ORG/gates/{id}": of("gates/{gate}",
		managers+" usher", fields{"name": "门"}),
	"POST ORG/devices/{id}/revoke": renewed(of("devices/{spare_device}/revoke",
		managers+" usher", nil), (*world).device),

	"GET ORG/halls": {may: anyStaff},
	"POST ORG/halls": {may: managers, body: func(h *house) any {
		return fields{"venue_id": h.ids["venue"], "name": "新厅"}
	}},
	"GET ORG/halls/{id}": of("halls/{hall}", anyStaff, nil),
	"PUT ORG/halls/{id}": of("halls/{hall}", managers, func(h *house) any {
		return fields{"venue_id": h.ids["venue"], "name": "改", "revision": 99}
	}),
	"GET ORG/halls/{hall}/seat-map": of("halls/{hall}/seat-map", managers, nil),
	"PUT ORG/halls/{hall}/seat-map": of("halls/{hall}/seat-map",
		managers, func(h *house) any {
			return fields{"revision": 99, "map": h.plan}
		}),
	"DELETE ORG/halls/{hall}/seat-map": of("halls/{hall}/seat-map?revision=99",
		managers, nil),
	"POST ORG/halls/{hall}/seat-map/import": of("halls/{hall}/seat-map/import?revision=99",
		managers, []byte(plan)),
	"POST ORG/halls/{hall}/seat-map/publish": of("halls/{hall}/seat-map/publish",
		managers, fields{"revision": 99}),
	"GET ORG/halls/{hall}/seat-map/versions": of("halls/{hall}/seat-map/versions",
		managers, nil),

	"GET ORG/events":      {may: anyStaff},
	"POST ORG/events":     {may: managers, body: eventBody("新片")},
	"GET ORG/events/{id}": of("events/{event}", anyStaff, nil),
	"PUT ORG/events/{id}": of("events/{event}", managers, stale(eventBody("x"))),
	"POST ORG/events/{id}/state": of("events/{event}/state",
		managers, stale(fields{"state": "draft"})),

	"GET ORG/ticket-types":      {may: anyStaff},
	"POST ORG/ticket-types":     {may: managers, body: typeBody("adult")},
	"GET ORG/ticket-types/{id}": of("ticket-types/{ticket_type}", anyStaff, nil),
	"PUT ORG/ticket-types/{id}": of("ticket-types/{ticket_type}",
		managers, stale(typeBody("x"))),

	"GET ORG/offers":            {may: anyStaff},
	"POST ORG/offers":           {may: managers, body: offerBody()},
	"GET ORG/offers/{id}":       of("offers/{offer}", anyStaff, nil),
	"PUT ORG/offers/{id}":       of("offers/{offer}", managers, stale(offerBody())),
	"GET ORG/releases":          {may: anyStaff},
	"POST ORG/releases":         {may: managers, body: releaseBody},
	"GET ORG/releases/{id}":     of("releases/{release}", anyStaff, nil),
	"PUT ORG/releases/{id}":     of("releases/{release}", managers, outdated(releaseBody)),
	"GET ORG/code-batches":      {may: anyStaff},
	"POST ORG/code-batches":     {may: managers, body: batchBody},
	"GET ORG/code-batches/{id}": of("code-batches/{code_batch}", anyStaff, nil),
	"PUT ORG/code-batches/{id}": of("code-batches/{code_batch}", managers,
		outdated(batchBody)),
	"GET ORG/code-batches/{id}/codes": of("code-batches/{code_batch}/codes", managers, nil),
	"POST ORG/code-batches/{id}/codes": of("code-batches/{code_batch}/codes", managers,
		fields{"count": 1, "code": "BOTH"}),
	"POST ORG/codes/{id}/revoke": renewed(of("codes/{code}/revoke", managers, nil),
		(*world).code),
	"POST ORG/sessions/{id}/basket-preview": of("sessions/{session}/basket-preview", managers,
		func(h *house) any {
			return fields{"lines": []fields{{"ticket_type_id": h.ids["ticket_type"], "zone": "A",
				"quantity": 3}}}
		}),
	"POST API/sessions/{id}/codes": {path: "API/sessions/{session}/codes", may: members,
		public: true, body: func(h *house) any { return fields{"codes": []string{h.secret}} }},

	"GET ORG/price-lists": {may: anyStaff},
	"POST ORG/price-lists": {may: managers,
		body: func(h *house) any { return h.priceBody() }},
	"GET ORG/price-lists/{id}": of("price-lists/{price_list}", anyStaff, nil),
	"PUT ORG/price-lists/{id}": of("price-lists/{price_list}", managers,
		func(h *house) any { return stale(h.priceBody()) }),
	"POST ORG/price-lists/{id}/preview": of("price-lists/{price_list}/preview",
		managers, func(h *house) any {
			return fields{"venue_id": h.ids["venue"], "starts_at": []string{"2026-11-27T12:00:00Z"}}
		}),

	"GET ORG/holiday-lists":      {may: anyStaff},
	"POST ORG/holiday-lists":     {may: managers, body: holidayBody(2031)},
	"GET ORG/holiday-lists/{id}": of("holiday-lists/{holidays}", anyStaff, nil),
	"PUT ORG/holiday-lists/{id}": of("holiday-lists/{holidays}", managers,
		stale(holidayBody(2030))),
	"POST ORG/slots": {may: managers, body: func(h *house) any { return h.slotsBody() }},
	"POST ORG/venues/{id}/copy-week": of("venues/{venue}/copy-week", managers,
		fields{"from": "2031-01-06", "to": "2031-01-13", "dry_run": true}),

	"GET ORG/refund-policies":      {may: anyStaff},
	"POST ORG/refund-policies":     {may: managers, body: policyBody()},
	"GET ORG/refund-policies/{id}": of("refund-policies/{policy}", anyStaff, nil),
	"PUT ORG/refund-policies/{id}": of("refund-policies/{policy}",
		managers, stale(policyBody())),

	"GET ORG/sessions": {may: anyStaff},
	"POST ORG/sessions": {may: managers,
		body: func(h *house) any { return h.sessionBody(h.later) }},
	"GET ORG/sessions/{id}": of("sessions/{session}", anyStaff, nil),
	"PUT ORG/sessions/{id}": of("sessions/{session}", managers, func(h *house) any {
		return stale(h.sessionBody(h.later))
	}),
	"POST ORG/sessions/{id}/state": of("sessions/{session}/state",
		managers, stale(fields{"state": "paused"})),
	"GET ORG/sessions/{id}/counts": of("sessions/{session}/counts", gatekeep, nil),
	"GET ORG/orders":               of("orders", viewers+" elsewhere", nil),
	"GET ORG/sessions/{id}/cancellation-preview": of("sessions/{session}/cancellation-preview",
		counter, nil),
	"GET ORG/sessions/{id}/give-back": of("sessions/{session}/give-back", counter, nil),
	"POST ORG/sessions/{id}/move/preview": of("sessions/{session}/move/preview", managers,
		fields{"starts_at": "2020-01-01T00:00:00Z"}),
	"POST ORG/sessions/{id}/move": of("sessions/{session}/move", managers,
		fields{"starts_at": "2020-01-01T00:00:00Z", "digest": "x", "notice": "x",
			"deadline": "2020-01-01T00:00:00Z", "default": "accept"}),
	"GET ORG/sessions/{id}/move": of("sessions/{session}/move", managers, nil),
	"POST ORG/sessions/{id}/used-refunds": {path: "ORG/sessions/{session}/used-refunds",
		may: counter, key: true, body: func(h *house) any {
			return fields{"order_id": h.ids["order"], "reason": "x"}
		}},
	"GET ORG/sessions/{id}/seats": of("sessions/{session}/seats", counter, nil),
	"POST ORG/sessions/{id}/blocks": of("sessions/{session}/blocks", counter,
		fields{"places": []int{999999}, "reason": "x"}),
	"POST ORG/sessions/{id}/blocks/{block}/release": of(
		"sessions/{session}/blocks/{block}/release", counter,
		fields{"places": []int{999999}}),
	"GET ORG/sessions/{id}/blocks": of("sessions/{session}/blocks", counter, nil),
	"POST ORG/sessions/{id}/blocks/release": of("sessions/{session}/blocks/release", counter,
		fields{"reason": "no such reason"}),
	"GET ORG/sessions/{id}/returns": of("sessions/{session}/returns", counter, nil),
	"POST ORG/sessions/{id}/returns/release": of("sessions/{session}/returns/release", counter,
		nil),
	"GET ORG/sessions/{id}/allotments": of("sessions/{session}/allotments", counter, nil),
	"POST ORG/sessions/{id}/allotments": of("sessions/{session}/allotments", counter,
		fields{"channel": "counter", "places": []int{999999}, "reason": "x"}),
	"GET API/seasons/{id}":       {path: "API/seasons/{season}", may: everybody},
	"GET API/seasons/{id}/seats": {path: "API/seasons/{season}/seats", may: everybody},
	"POST API/seasons/{id}/quotes": {path: "API/seasons/{season}/quotes", may: "," + members,
		body: bookingBody},
	"POST API/seasons/{id}/orders": {path: "API/seasons/{season}/orders",
		may: members + "," + counter, key: true, public: true, body: bookingBody},
	"GET ORG/seasons":      {may: managers + ",elsewhere"},
	"POST ORG/seasons":     {may: managers, body: seasonBody},
	"GET ORG/seasons/{id}": of("seasons/{season}", managers+",elsewhere", nil),
	"PUT ORG/seasons/{id}": of("seasons/{season}", managers, outdated(seasonBody)),
	"POST ORG/seasons/{id}/state": of("seasons/{season}/state", managers,
		fields{"state": "on_sale", "revision": 99}),
	"POST ORG/season-seats": {may: counter, body: func(h *house) any {
		return fields{"session_ids": []string{h.ids["session"], h.ids["draft_session"]}}
	}},
	"POST ORG/sessions/{id}/allotments/{allotment}/release": of(
		"sessions/{session}/allotments/{allotment}/release", counter,
		fields{"places": []int{999999}}),

	// Whoever decides at his venue sees the rules; the house's request is its owner's.
	"POST ORG/late-sheets": {may: managers + " elsewhere", key: true,
		body: fields{"entries": []fields{}}},
	"GET ORG/late-sheets":      {may: managers + " elsewhere"},
	"GET ORG/late-sheets/{id}": of("late-sheets/{late}", managers, nil),
	"PUT ORG/late-sheets/{id}": of("late-sheets/{late}?revision=9", managers,
		fields{"entries": []fields{}}),
	"POST ORG/late-sheets/{id}/withdraw": of("late-sheets/{late}/withdraw", managers, nil),
	"GET ORG/late-sales":                 {may: books},
	"GET ORG/approvals":                  {may: anyStaff},
	"GET ORG/approvals/counts":           {may: anyStaff},
	"GET ORG/approvals/{id}":             of("approvals/{approval}", managers, nil),
	"POST ORG/approvals/{id}/agree": renewed(of("approvals/{approval}/agree", "manager",
		fields{}), (*world).approval),
	"POST ORG/approvals/{id}/refuse": renewed(of("approvals/{approval}/refuse", "manager",
		fields{"reason": "x"}), (*world).approval),
	"POST ORG/approvals/{id}/withdraw": renewed(of("approvals/{approval}/withdraw", "owner",
		nil), (*world).approval),
	"GET ORG/approval-rules": {may: managers + " elsewhere"},
	"PUT ORG/approval-rules/{kind}": of("approval-rules/order.refund", managers,
		fields{"enabled": true, "over_minor": 90000000}),

	"GET ORG/staff": {may: managers},
	"PUT ORG/staff/{id}/grants": of("staff/{person:usher}/grants",
		managers, func(h *house) any {
			return fields{"grants": []fields{{"role_id": h.ids["role:usher"]}}}
		}),
	"DELETE ORG/staff/{id}": renewed(of("staff/{person:leaver}",
		managers, nil), (*world).leaver),
	"DELETE ORG/staff/{id}/sign-ins": renewed(of("staff/{person:leaver}/sign-ins",
		managers, nil), (*world).leaver),
	"GET ORG/invitations": {may: managers},
	"POST ORG/invitations": {may: managers, body: func(h *house) any {
		return fields{"email": "new@a.example", "role_id": h.ids["role:usher"]}
	}},
	"DELETE ORG/invitations/{id}": renewed(of("invitations/{invitation}",
		managers, nil), (*world).invitation),
	"GET ORG/roles": {may: managers},
	"POST ORG/roles": {may: managers,
		body: fields{"name": "夜班", "permissions": []string{"checkin.view"}}},
	"PUT ORG/roles/{id}": of("roles/{role}", managers,
		fields{"name": "夜班", "permissions": []string{"checkin.view"}, "revision": 99}),
	"DELETE ORG/roles/{id}": of("roles/{role:usher}", managers, nil),
}

// matrix is shortMatrix written out.
var matrix = func() map[string]route {
	out := make(map[string]route, len(shortMatrix))
	for name, r := range shortMatrix {
		r.path = short.Replace(r.path)
		out[short.Replace(name)] = r
	}
	return out
}()

// of is a route below the organization.
func of(rest, may string, body any) route {
	return route{path: "ORG/" + rest, may: may, body: body}
}

func renewed(r route, fresh func(w *world)) route {
	r.fresh = fresh
	return r
}

// outdated is stale of a body that names what its house has.
func outdated(body func(h *house) any) any {
	return func(h *house) any { return stale(body(h).(fields)) }
}

// stale is a body with a revision that nothing has, so that nothing changes.
func stale(body fields) fields {
	body["revision"] = 99
	return body
}
