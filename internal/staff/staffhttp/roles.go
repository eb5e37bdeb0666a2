package staffhttp

import (
	"context"
	"net/http"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/httpx"
	"foyer/internal/staff"
)

func (h handlers) mountRoles(api *httpx.API) {
	manage := httpx.StaffOnly(staff.StaffManage)
	httpx.Register(api, httpx.Op{Method: http.MethodGet, Path: organizationPath + "/roles",
		OperationID: "list-roles", Tag: "staff", Summary: "The roles of an organization",
		Access: manage}, h.listRoles)
	httpx.Register(api, httpx.Op{Method: http.MethodPost, Path: organizationPath + "/roles",
		OperationID: "create-role", Tag: "staff", Summary: "Make a role",
		Description: "Nobody makes a role that holds more than he holds himself.",
		Access:      manage, Status: http.StatusCreated,
		Refusals: []*fault.Definition{staff.ErrBeyondYou, staff.ErrTooMany}}, h.createRole)
	httpx.Register(api, httpx.Op{Method: http.MethodPut, Path: organizationPath + "/roles/{id}",
		OperationID: "change-role", Tag: "staff", Summary: "Change a role",
		Description: "Everybody who has it has the new permissions with the next request.",
		Access:      manage, Refusals: []*fault.Definition{staff.ErrBeyondYou, staff.ErrOwnerRole,
			fault.Stale}}, h.changeRole)
	httpx.Register(api, httpx.Op{Method: http.MethodDelete,
		Path: organizationPath + "/roles/{id}", OperationID: "delete-role", Tag: "staff",
		Summary: "Delete a role that nobody has", Access: manage,
		Refusals: []*fault.Definition{staff.ErrBeyondYou, staff.ErrOwnerRole, staff.ErrRoleUsed},
	}, h.deleteRole)
}

type roleBody struct {
	ID          string             `json:"id"`
	Preset      staff.Preset       `json:"preset,omitempty" doc:"what the organization began with"`
	Name        string             `json:"name"`
	Permissions []actor.Permission `json:"permissions" nullable:"false"`
	Revision    int64              `json:"revision"`
}

type roleOutput struct{ Body roleBody }

func (h handlers) roleBody(r staff.Role) roleBody {
	b := roleBody{h.keys.Public(KindRole, r.ID), r.Preset, r.Name, r.Permissions, r.Revision}
	if b.Permissions == nil {
		b.Permissions = []actor.Permission{}
	}
	return b
}

type rolesOutput struct {
	Body struct {
		Items []roleBody `json:"items" nullable:"false"`
	}
}

func (h handlers) listRoles(ctx context.Context, in *orgPath) (*rolesOutput, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	roles, err := h.h.ListRoles(ctx, httpx.ActorOf(ctx), s)
	if err != nil {
		return nil, err
	}
	out := &rolesOutput{}
	out.Body.Items = make([]roleBody, len(roles))
	for i, r := range roles {
		out.Body.Items[i] = h.roleBody(r)
	}
	return out, nil
}

type createRoleInput struct {
	Org  string `path:"org" maxLength:"40" doc:"public id of the organization"`
	Body struct {
		Name        string             `json:"name" minLength:"1" maxLength:"60"`
		Permissions []actor.Permission `json:"permissions" maxItems:"100" nullable:"false"`
	}
}

func (h handlers) createRole(ctx context.Context, in *createRoleInput) (*roleOutput, error) {
	s, err := h.scope(in.Org)
	if err != nil {
		return nil, err
	}
	role, err := h.h.CreateRole(ctx, httpx.ActorOf(ctx), s,
		staff.RoleInput{Name: in.Body.Name, Permissions: in.Body.Permissions})
	if err != nil {
		return nil, err
	}
	return &roleOutput{h.roleBody(role)}, nil
}

type changeRoleInput struct {
	Org  string `path:"org" maxLength:"40" doc:"public id of the organization"`
	ID   string `path:"id" maxLength:"40" doc:"public id of the role"`
	Body struct {
		Name        string             `json:"name" minLength:"1" maxLength:"60"`
		Permissions []actor.Permission `json:"permissions" maxItems:"100" nullable:"false"`
		Revision    int64              `json:"revision" minimum:"1" doc:"as read"`
	}
}

func (h handlers) changeRole(ctx context.Context, in *changeRoleInput) (*roleOutput, error) {
	s, id, err := h.role(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	role, err := h.h.ChangeRole(ctx, httpx.ActorOf(ctx), s, id, in.Body.Revision,
		staff.RoleInput{Name: in.Body.Name, Permissions: in.Body.Permissions})
	if err != nil {
		return nil, err
	}
	return &roleOutput{h.roleBody(role)}, nil
}

func (h handlers) role(org, id string) (actor.Scope, int64, error) {
	s, err := h.scope(org)
	if err != nil {
		return s, 0, err
	}
	n, err := h.keys.Parse(KindRole, id)
	return s, n, err
}

type rolePath struct {
	Org string `path:"org" maxLength:"40" doc:"public id of the organization"`
	ID  string `path:"id" maxLength:"40" doc:"public id of the role"`
}

func (h handlers) deleteRole(ctx context.Context, in *rolePath) (*struct{}, error) {
	s, id, err := h.role(in.Org, in.ID)
	if err != nil {
		return nil, err
	}
	return nil, h.h.DeleteRole(ctx, httpx.ActorOf(ctx), s, id)
}
