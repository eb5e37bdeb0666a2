package seatinghttp

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"foyer/internal/catalog"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/seating"
	"foyer/internal/seating/layout"
	"foyer/internal/seating/seatmap"
)

// immutable lets everybody keep a version for ever: its id never names another map.
const immutable = "public, max-age=31536000, immutable"

func encodeMap(plan *seating.Plan) (*httpx.Document, error) {
	b, err := json.Marshal(seatmap.NewGeometry(plan.Index))
	if err != nil {
		return nil, fault.Unexpected.Wrap(err)
	}
	return httpx.NewDocument("application/json", b, immutable), nil
}

type hallIn struct {
	Org  string `path:"org" maxLength:"64"`
	Hall string `path:"hall" maxLength:"64"`
}

type revisionIn struct {
	Org      string `path:"org" maxLength:"64"`
	Hall     string `path:"hall" maxLength:"64"`
	Revision int64  `query:"revision" minimum:"0" doc:"as you read it; 0: none yet"`
}

type draftBody struct {
	Revision int64        `json:"revision" minimum:"0" doc:"the revision that you read"`
	Map      *seatmap.Map `json:"map"`
}

type draftView struct {
	Hall      string               `json:"hall_id"`
	Revision  int64                `json:"revision"`
	Latest    string               `json:"latest_version_id,omitempty"`
	Number    int                  `json:"latest_number" doc:"0 before the first version"`
	HasDraft  bool                 `json:"has_draft" doc:"false: a copy of the newest version"`
	UpdatedAt *time.Time           `json:"updated_at,omitempty"`
	Format    layout.Format        `json:"format,omitempty" doc:"of the imported file"`
	Seats     int                  `json:"seats"`
	Problems  []fault.FieldProblem `json:"problems" doc:"what keeps it from being published"`
	Map       *seatmap.Map         `json:"map,omitempty"`
}

type draftOut struct {
	ETag string `header:"ETag"`
	Body draftView
}

type versionView struct {
	ID          string    `json:"id"`
	Number      int       `json:"number"`
	Seats       int       `json:"seats"`
	Digest      string    `json:"digest"`
	PublishedAt time.Time `json:"published_at"`
}

func (h *handler) mountMaps(api *httpx.API) {
	path := house + "/halls/{hall}/seat-map"
	edit := []*fault.Definition{fault.Missing, fault.NotAllowed, fault.Stale, seatmap.OverLimit}
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path,
		OperationID: "get-seat-map-draft", Tag: tag,
		Summary: "The draft of a hall's seat map, or its newest version",
		Access:  httpx.StaffOnly(seating.PermEdit)}, h.getDraft)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodPut, Path: path,
		OperationID: "save-seat-map-draft", Tag: tag, Summary: "Keep a draft, right or wrong",
		Description: "`problems` of the answer names what keeps it from being published.",
		Access:      httpx.StaffOnly(seating.PermEdit), MaxBody: layout.MaxBytes, Params: hallIn{},
		Request: draftBody{}, Response: draftView{}, Refusals: edit}, h.saveDraft)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete, Path: path,
		OperationID: "discard-seat-map-draft", Tag: tag, Summary: "Drop the draft",
		Access:   httpx.StaffOnly(seating.PermEdit),
		Refusals: append(edit, seating.ErrNoDraft)}, h.discard)
	httpx.RegisterRaw(api, httpx.Op{Method: http.MethodPost, Path: path + "/import",
		OperationID: "import-seat-map", Tag: tag, Summary: "Read a layout into the draft",
		Description: "The body is a pretix seating plan, a Vista seat layout or a text grid.",
		Access:      httpx.StaffOnly(seating.PermEdit), MaxBody: layout.MaxBytes,
		Params: revisionIn{}, Accepts: "application/octet-stream", Response: draftView{},
		Refusals: append(edit, layout.Unreadable, layout.NotALayout, layout.TooLarge)}, h.importMap)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/publish",
		OperationID: "publish-seat-map", Tag: tag, Summary: "Make the draft a version",
		Description: "Refused with `seat_map_drops_claimed` and the list when a session to come " +
			"has claims on a place that the draft no longer has. Sessions stay on their version.",
		Access: httpx.StaffOnly(seating.PermPublish), Status: http.StatusCreated,
		Refusals: append(edit, seating.ErrNoDraft, seating.ErrUnchanged, seating.ErrDropsClaimed,
			seatmap.Invalid)}, h.publish)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path + "/versions",
		OperationID: "list-seat-map-versions", Tag: tag,
		Summary: "Published versions, newest first",
		Access:  httpx.StaffOnly(seating.PermEdit)}, h.versions)
}

// parseHall reads the two ids of a route; both are missing things when they are wrong.
func (h *handler) parseHall(org, hall string) (organization, id int64, err error) {
	if organization, err = h.keys.Parse(catalog.KindOrganization, org); err != nil {
		return 0, 0, err
	}
	id, err = h.keys.Parse(catalog.KindHall, hall)
	return organization, id, err
}

func (h *handler) viewOf(d *seating.Draft) draftView {
	v := draftView{Hall: h.keys.Public(catalog.KindHall, d.Hall), Revision: d.Revision,
		Latest: h.keys.Public(seating.KindVersion, d.Latest), Number: d.Number,
		HasDraft: d.Sheet.Draft != nil, Problems: d.Problems, Map: d.Map}
	if v.Problems == nil {
		v.Problems = []fault.FieldProblem{}
	}
	if d.Map != nil {
		v.Seats = d.Map.SeatCount()
	}
	if !d.UpdatedAt.IsZero() {
		v.UpdatedAt = &d.UpdatedAt
	}
	return v
}

func (h *handler) getDraft(ctx context.Context, in *hallIn) (*draftOut, error) {
	org, hall, err := h.parseHall(in.Org, in.Hall)
	if err != nil {
		return nil, err
	}
	d, err := h.s.Draft(ctx, httpx.ActorOf(ctx), org, hall)
	if err != nil {
		return nil, err
	}
	return &draftOut{`"r` + strconv.FormatInt(d.Revision, 10) + `"`, h.viewOf(d)}, nil
}

func (h *handler) saveDraft(w http.ResponseWriter, r *http.Request) error {
	org, hall, err := h.parseHall(r.PathValue("org"), r.PathValue("hall"))
	if err != nil {
		return err
	}
	var body draftBody
	if err := httpx.DecodeJSON(r, &body, 0); err != nil {
		return err
	}
	if body.Map == nil {
		return fault.BadInput.At("map", "is needed / 不能为空")
	}
	ctx := r.Context()
	d, err := h.s.SaveDraft(ctx, httpx.ActorOf(ctx), org, hall, body.Revision, body.Map)
	if err != nil {
		return err
	}
	v := h.viewOf(d)
	v.Map = nil // the sender has it
	return httpx.WriteJSON(w, r, http.StatusOK, v)
}

func (h *handler) importMap(w http.ResponseWriter, r *http.Request) error {
	org, hall, err := h.parseHall(r.PathValue("org"), r.PathValue("hall"))
	if err != nil {
		return err
	}
	revision := int64(0)
	if text := r.URL.Query().Get("revision"); text != "" {
		if revision, err = strconv.ParseInt(text, 10, 64); err != nil || revision < 0 {
			return fault.BadInput.At("revision", "must be a whole number / 必须是整数")
		}
	}
	data, err := httpx.ReadBody(r, 0)
	if err != nil {
		return err
	}
	ctx := r.Context()
	d, format, err := h.s.ImportDraft(ctx, httpx.ActorOf(ctx), org, hall, revision, data)
	if err != nil {
		return err
	}
	v := h.viewOf(d)
	v.Format, v.Map = format, nil
	return httpx.WriteJSON(w, r, http.StatusOK, v)
}

func (h *handler) discard(ctx context.Context, in *revisionIn) (*struct{}, error) {
	org, hall, err := h.parseHall(in.Org, in.Hall)
	if err != nil {
		return nil, err
	}
	return nil, h.s.DiscardDraft(ctx, httpx.ActorOf(ctx), org, hall, in.Revision)
}

type publishIn struct {
	Org  string `path:"org" maxLength:"64"`
	Hall string `path:"hall" maxLength:"64"`
	Body struct {
		Revision     int64 `json:"revision" minimum:"1"`
		KeepSessions bool  `json:"keep_sessions,omitempty" doc:"although some lose places"`
	}
}

type publishOut struct {
	Body struct {
		versionView
		Added   int              `json:"added"`
		Dropped []seatmap.Change `json:"dropped" nullable:"false"`
		Moved   int              `json:"moved"`
		Changed []seatmap.Change `json:"changed" nullable:"false"`
		Kept    []string         `json:"kept_session_ids" nullable:"false"`
	}
}

func (h *handler) publish(ctx context.Context, in *publishIn) (*publishOut, error) {
	org, hall, err := h.parseHall(in.Org, in.Hall)
	if err != nil {
		return nil, err
	}
	p, err := h.s.Publish(ctx, httpx.ActorOf(ctx), org, hall, in.Body.Revision,
		in.Body.KeepSessions)
	if err != nil {
		return nil, err
	}
	out := &publishOut{}
	b := &out.Body
	b.versionView, b.Added, b.Moved = h.version(p.Version), len(p.Added), len(p.Moved)
	b.Dropped, b.Changed = append([]seatmap.Change{}, p.Dropped...), append([]seatmap.Change{},
		p.Changed...)
	b.Kept = make([]string, len(p.Kept))
	for i, id := range p.Kept {
		b.Kept[i] = h.keys.Public(catalog.KindSession, id)
	}
	return out, nil
}

func (h *handler) version(v seating.Version) versionView {
	return versionView{h.keys.Public(seating.KindVersion, v.ID), v.Number, v.Seats, v.Digest,
		v.PublishedAt}
}

type versionsIn struct {
	Org    string `path:"org" maxLength:"64"`
	Hall   string `path:"hall" maxLength:"64"`
	Before int64  `query:"before" minimum:"0" doc:"numbers below this one; 0: from the newest"`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type versionsOut struct {
	Body struct {
		Items []versionView `json:"items" nullable:"false"`
	}
}

func (h *handler) versions(ctx context.Context, in *versionsIn) (*versionsOut, error) {
	org, hall, err := h.parseHall(in.Org, in.Hall)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Versions(ctx, httpx.ActorOf(ctx), org, hall, in.Before, in.Limit)
	if err != nil {
		return nil, err
	}
	out := &versionsOut{}
	out.Body.Items = make([]versionView, len(list))
	for i, v := range list {
		out.Body.Items[i] = h.version(v)
	}
	return out, nil
}
