package seatinghttp

import (
	"context"
	"net/http"
	"time"

	"foyer/internal/httpx"
	"foyer/internal/seating"
)

// mountComeBack has the routes of what goes on sale again: blocks and what was given back.
func (h *handler) mountComeBack(api *httpx.API) {
	path := house + "/sessions/{id}"
	access := httpx.StaffOnly(seating.PermBlock)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path + "/blocks",
		OperationID: "list-blocks", Tag: tag, Summary: "Blocks of a session",
		Description: "Newest first, with the places that each still has.", Access: access},
		h.blocks)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/blocks/release",
		OperationID: "unblock-many", Tag: tag, Summary: "End many blocks at once",
		Description: "Every standing block that fits all that is named; name something.",
		Access:      access}, h.unblockAll)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: path + "/returns",
		OperationID: "list-returns", Tag: tag, Summary: "What waits to go on sale again",
		Description: "Places that buyers gave back of a session whose `returns` delays them, " +
			"oldest first. When each goes on sale is told to nobody, only the latest time.",
		Access: access}, h.returns)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: path + "/returns/release",
		OperationID: "return-now", Tag: tag, Summary: "Put all that waits on sale at once",
		Access: access}, h.returnNow)
}

type blocksIn struct {
	HouseSession
	Reason   string `query:"reason" maxLength:"200" doc:"a part of the reason"`
	Place    int32  `query:"place" minimum:"0" doc:"blocks that have this place or area"`
	Standing bool   `query:"standing" doc:"without those that are over"`
}

type blocksOut struct {
	Body struct {
		Items []blockView `json:"items" nullable:"false"`
	}
}

func (h *handler) viewBlocks(list []seating.Block) *blocksOut {
	out := &blocksOut{}
	out.Body.Items = make([]blockView, len(list))
	for i, b := range list {
		out.Body.Items[i] = h.viewBlock(b)
	}
	return out
}

func (h *handler) blocks(ctx context.Context, in *blocksIn) (*blocksOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Blocks(ctx, httpx.ActorOf(ctx), org, session, seating.BlockFilter{
		Reason: in.Reason, Place: in.Place, Standing: in.Standing})
	if err != nil {
		return nil, err
	}
	return h.viewBlocks(list), nil
}

type unblockAllIn struct {
	HouseSession
	Body struct {
		Blocks []string `json:"blocks,omitempty" maxItems:"200" doc:"their ids"`
		Reason string   `json:"reason,omitempty" maxLength:"200" doc:"a part of the reason"`
		Place  int32    `json:"place,omitempty" minimum:"0" doc:"a place or area that it has"`
	}
}

func (h *handler) unblockAll(ctx context.Context, in *unblockAllIn) (*blocksOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	f := seating.BlockFilter{Reason: in.Body.Reason, Place: in.Body.Place}
	for _, public := range in.Body.Blocks {
		id, err := h.keys.Parse(seating.KindBlock, public)
		if err != nil {
			return nil, err
		}
		f.IDs = append(f.IDs, id)
	}
	list, err := h.s.UnblockAll(ctx, httpx.ActorOf(ctx), org, session, f)
	if err != nil {
		return nil, err
	}
	return h.viewBlocks(list), nil
}

type returnView struct {
	ID     string            `json:"id"`
	Since  time.Time         `json:"since"`
	Until  time.Time         `json:"until" doc:"on sale by then; when exactly nobody is told"`
	Places []int32           `json:"places,omitempty"`
	Areas  []seating.AreaQty `json:"areas,omitempty"`
}

type returnsOut struct {
	Body struct {
		Items []returnView `json:"items" nullable:"false"`
	}
}

func (h *handler) returns(ctx context.Context, in *HouseSession) (*returnsOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	list, err := h.s.Returns(ctx, httpx.ActorOf(ctx), org, session)
	if err != nil {
		return nil, err
	}
	out := &returnsOut{}
	out.Body.Items = make([]returnView, len(list))
	for i, r := range list {
		out.Body.Items[i] = returnView{h.keys.Public(seating.KindReturn, r.ID), r.Since, r.Until,
			r.Places, r.Areas}
	}
	return out, nil
}

type returnedOut struct {
	Body struct {
		Released int `json:"released" doc:"how many returns are on sale now"`
	}
}

func (h *handler) returnNow(ctx context.Context, in *HouseSession) (*returnedOut, error) {
	org, session, err := h.parseSession(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	out := &returnedOut{}
	out.Body.Released, err = h.s.ReturnNow(ctx, httpx.ActorOf(ctx), org, session)
	return out, err
}
