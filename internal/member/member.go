// Package member is the buyers: who signs in by a phone, what they let the house know, and
// how an organization finds its own buyers again. Phone and name are sealed under a key of
// the person's own, so that forgetting somebody is the deletion of one key.
package member

import (
	"time"

	"foyer/internal/fault"
)

// State says whether a member may sign in.
type State string

const (
	// Active may do everything; a member becomes it at the first sign-in.
	Active State = "active"
	// Closed has been forgotten: no phone, no name, no key. Nothing leads out of it.
	Closed State = "closed"
)

// Member is a buyer as the buyer sees it.
type Member struct {
	ID          int64
	State       State
	Phone       string // +8613800138000
	Name        string
	Email       string // verified, or empty
	Language    string // zh-Hans or en: what messages are written in
	HasPassword bool
	Revision    int64
	CreatedAt   time.Time
}

// Record is a member as stored.
type Record struct {
	ID                                              int64
	State                                           State
	PhoneIndex, PhoneSealed, NameSealed, SubjectKey []byte
	Password                                        string // PHC string, or empty
	Language                                        string
	Revision                                        int64
	CreatedAt                                       time.Time
}

// Purpose is what a code by SMS is good for.
type Purpose string

// The purposes.
const (
	ToSignIn      Purpose = "sign_in"
	ToSetPassword Purpose = "password"
	// ToConfirm proves its owner before something grave: see Proof.
	ToConfirm Purpose = "confirm"
)

// Limits of codes. A phone that strangers ask codes for gets ten a day and then one an
// hour, so that its owner is never shut out; a device that the owner used before has an
// allowance of its own, and an address has one that suits a carrier's.
const (
	ResendAfter  = 60 * time.Second
	PhoneDaily   = 10
	SlowResend   = time.Hour // once PhoneDaily is used up
	DeviceDaily  = 10
	AddressDaily = 500
	maxLiveCodes = 10

	// After how many codes on a day a proof that a person is at work is asked for.
	humanAfterPhone   = 3
	humanAfterDevice  = 5
	humanAfterAddress = 100
)

const maxName = 60 // characters

// The refusals of members.
var (
	ErrCodeWrong = fault.Define(fault.Unauthorized, "code_wrong",
		"验证码错误或已失效", "The code is wrong, used, or has ended.",
		"Check the digits; after five wrong tries or five minutes ask for a new code.")
	ErrResendLater = fault.Define(fault.TooMany, "code_sent_recently",
		"验证码发送过于频繁,请稍后再试", "A code was sent to this phone a moment ago.",
		"Use the code that was sent, or wait for the seconds that Retry-After names.")
	ErrPasswordWrong = fault.Define(fault.Unauthorized, "phone_or_password_wrong",
		"手机号或密码错误", "This phone and password do not belong together.",
		"Try again, or sign in by SMS code: that always works.")
	ErrProofNeeded = fault.Define(fault.Forbidden, "proof_required",
		"请验证原密码或短信验证码", "A new password needs the present one or a code by SMS.",
		"Send current_password, or ask for a code with purpose \"password\" and send it.")
)
