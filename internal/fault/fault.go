// Package fault is the one error type of Foyer: a closed kind, a stable code, a
// text that is safe to show to strangers, and a wrapped cause that is not.
//
// A refusal is defined once, beside the rule that refuses, and docs/ERRORS.md is
// generated from the definitions:
//
//	var SeatTaken = fault.Define(fault.Conflict, "seat_taken",
//		"这个座位刚刚被选走了", "This seat has just been taken.",
//		"Choose another seat; the seat map shows what is free.")
//
//	return SeatTaken.With("places", []string{"5-12"})
//
// Whatever is not a fault is an internal error.
package fault

import (
	"errors"
	"fmt"
	"maps"
	"time"
)

// Kind says what sort of refusal it is; httpx maps it to a status. The set is closed.
type Kind uint8

const (
	Internal     Kind = iota // 500: our mistake; the text never names it
	Invalid                  // 422: the input breaks a rule; Fields name where
	Malformed                // 400: the input cannot be read at all
	Unauthorized             // 401: who are you
	Forbidden                // 403: we know you, and no
	NotFound                 // 404: missing, or not yours
	Conflict                 // 409: true a moment ago, or in another state
	TooLarge                 // 413: over a limit on size
	TooMany                  // 429: over a limit on rate; RetryAfter says when
	Unavailable              // 503: cannot now; RetryAfter says when
	Unsupported              // 415: the content type is not one we read
)

// Definition is one refusal of the product: stable code, texts in both languages and
// what a caller can do about it. Definitions are immutable and never compared by text.
type Definition struct {
	Kind Kind
	Code string
	Zh   string
	En   string
	Do   string
}

// Define makes a refusal. Call it only for a package-level variable, so that the
// generator of docs/ERRORS.md finds it; the arguments must be literals.
func Define(kind Kind, code, zh, en, do string) *Definition {
	return &Definition{Kind: kind, Code: code, Zh: zh, En: en, Do: do}
}

// Error makes a bare definition usable as an error: `return SeatTaken`.
func (d *Definition) Error() string { return d.Code + ": " + d.En }

// With returns the refusal with one detail that the caller may read, e.g. the places.
func (d *Definition) With(key string, value any) *Error { return d.fault().With(key, value) }

// At returns the refusal naming the input field that broke the rule, and how.
func (d *Definition) At(field, problem string) *Error { return d.fault().At(field, problem) }

// Wrap returns the refusal with its cause, which is logged and never shown.
func (d *Definition) Wrap(cause error) *Error { return d.fault().Wrap(cause) }

// Retry returns the refusal with the earliest time at which a repeat makes sense.
func (d *Definition) Retry(after time.Duration) *Error { return d.fault().Retry(after) }

func (d *Definition) fault() *Error { return &Error{Def: d} }

// FieldProblem names one field of the input and what is wrong with it, in English and
// Chinese where the rule has both. Field is a path such as `lines[0].places[2]`.
type FieldProblem struct {
	Field   string `json:"field"`
	Problem string `json:"problem"`
}

// Error is one refusal that happened. It is a value of a definition plus its details.
type Error struct {
	Def        *Definition
	Fields     []FieldProblem
	Details    map[string]any
	RetryAfter time.Duration
	Cause      error
}

func (e *Error) Error() string {
	s := e.Def.Code + ": " + e.Def.En
	for _, f := range e.Fields {
		s += fmt.Sprintf(" [%s: %s]", f.Field, f.Problem)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause, so that errors.Is reaches a context error below it.
func (e *Error) Unwrap() error { return e.Cause }

// Is makes errors.Is(err, SeatTaken) true for every occurrence of the definition.
func (e *Error) Is(target error) bool {
	d, ok := target.(*Definition)
	return ok && d == e.Def
}

// With returns a copy with one more detail.
func (e *Error) With(key string, value any) *Error {
	c := *e
	c.Details = maps.Clone(e.Details)
	if c.Details == nil {
		c.Details = map[string]any{}
	}
	c.Details[key] = value
	return &c
}

// At returns a copy that names one more field.
func (e *Error) At(field, problem string) *Error {
	c := *e
	c.Fields = append(append([]FieldProblem(nil), e.Fields...), FieldProblem{field, problem})
	return &c
}

// Wrap returns a copy with a cause.
func (e *Error) Wrap(cause error) *Error {
	c := *e
	c.Cause = cause
	return &c
}

// Retry returns a copy with a time to wait.
func (e *Error) Retry(after time.Duration) *Error {
	c := *e
	c.RetryAfter = after
	return &c
}

// Of returns err as a fault, whatever it wraps; anything unknown is Unexpected with err
// as its cause. Of(nil) is nil.
func Of(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var d *Definition
	if errors.As(err, &d) {
		return d.fault()
	}
	return Unexpected.Wrap(err)
}

// noRefusal is the kind of nil: it equals none of the closed set, so that a success is
// never taken for a failure of ours.
const noRefusal Kind = 255

// KindOf is the kind of err; Internal for anything that is not a fault, and for nil a
// value that is none of the kinds.
func KindOf(err error) Kind {
	if err == nil {
		return noRefusal
	}
	return Of(err).Def.Kind
}

// The refusals that belong to no module.
var (
	Unexpected = Define(Internal, "internal",
		"系统出了点问题,请稍后再试", "Something went wrong on our side.",
		"Try again; if it stays, tell the operator the request id.")
	BadInput = Define(Invalid, "invalid_input",
		"填写的内容有误", "The input breaks a rule; the fields say where.",
		"Correct the named fields and send again.")
	Missing = Define(NotFound, "not_found",
		"没有找到", "There is no such thing, or it is not yours.",
		"Check the id and who is signed in.")
	NotAllowed = Define(Forbidden, "not_allowed",
		"没有权限", "You may not do this.",
		"Ask the owner of the organization for the permission.")
	SignInFirst = Define(Unauthorized, "sign_in_required",
		"请先登录", "Sign in first.",
		"Sign in and send the token as `Authorization: Bearer …`.")
	Stale = Define(Conflict, "stale",
		"内容已被他人修改,请刷新后再试", "It was changed by somebody else in the meantime.",
		"Read it again, apply the change to what is there now, and send the new revision.")
	Busy = Define(Unavailable, "busy",
		"人太多了,请稍后再试", "Too much is waiting right now.",
		"Try again after the time that Retry-After names.")
)

// MaxProblems is how many problems of an input are kept. More are only counted: a file of a
// few megabytes in which every letter is wrong must not fill the memory.
const MaxProblems = 1000

// Problems collects every problem of an input, so that a person sees all at once.
// The zero value is ready.
type Problems struct {
	list []FieldProblem
	more int // beyond the list
}

// Add notes one problem.
func (p *Problems) Add(field, format string, args ...any) {
	if p.Full() {
		p.more++
		return
	}
	p.list = append(p.list, FieldProblem{field, fmt.Sprintf(format, args...)})
}

// Full says that what is added from now on is only counted, so its words need not be made.
func (p *Problems) Full() bool { return len(p.list) >= MaxProblems }

// Len is the number of problems so far.
func (p *Problems) Len() int { return len(p.list) + p.more }

// Err is nil without problems, else BadInput naming all of them, at most MaxProblems.
func (p *Problems) Err() error { return p.As(BadInput) }

// As is Err under another definition.
func (p *Problems) As(d *Definition) error {
	if len(p.list) == 0 {
		return nil
	}
	return &Error{Def: d, Fields: p.list}
}
