package member

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"foyer/internal/actor"
	"foyer/internal/fault"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// ConsentPurpose is what personal values are used for, each agreed to by itself.
type ConsentPurpose string

// The purposes.
const (
	// PrivacyNotice is the installation's or an organization's notice as a whole.
	PrivacyNotice ConsentPurpose = "privacy_notice"
	// KeepCompanions keeps names and documents of people whom a member buys for.
	KeepCompanions ConsentPurpose = "companions"
	// Marketing sends messages that nobody asked for.
	Marketing ConsentPurpose = "marketing"
)

// ConsentPurposes lists the purposes in the order in which a page shows them.
func ConsentPurposes() []ConsentPurpose {
	return []ConsentPurpose{PrivacyNotice, KeepCompanions, Marketing}
}

// ConsentAction is what a member may do only after having agreed to something.
type ConsentAction string

// The actions that need consent; everything else needs none.
const (
	ToKeepEmail     ConsentAction = "email"
	ToKeepCompanion ConsentAction = "companion"
)

// NeededFor is what has to be agreed to before an action, at the installation's texts.
func NeededFor(a ConsentAction) []ConsentPurpose {
	if a == ToKeepCompanion {
		return []ConsentPurpose{PrivacyNotice, KeepCompanions}
	}
	return []ConsentPurpose{PrivacyNotice}
}

// ConsentText is one version of a text. A version never changes.
type ConsentText struct {
	Organization                     int64 // 0: the installation
	Purpose                          ConsentPurpose
	Version                          int
	TitleZh, TitleEn, BodyZh, BodyEn string
	PublishedAt                      time.Time // zero for the text that the product brings
}

// Consent is one decision of a member.
type Consent struct {
	ID, Member, Organization int64
	Purpose                  ConsentPurpose
	Version                  int
	Given                    bool
	At                       time.Time
}

// ConsentStore keeps texts and decisions; package memberdb implements it.
type ConsentStore interface {
	// Texts are the newest versions of an organization's texts, or the installation's.
	Texts(ctx context.Context, s actor.Scope) ([]ConsentText, error)
	NewestTextIn(tx *sqldb.Tx, s actor.Scope, p ConsentPurpose) (ConsentText, bool, error)
	InsertText(tx *sqldb.Tx, t ConsentText) error
	// ConsentsOf are a member's decisions, the newest first.
	ConsentsOf(ctx context.Context, member int64, limit int) ([]Consent, error)
	ConsentsOfIn(tx *sqldb.Tx, member int64, limit int) ([]Consent, error)
	InsertConsent(tx *sqldb.Tx, c Consent) error
}

// Limits of consents.
const (
	MaxConsents    = 200 // decisions shown and looked at
	consentsADay   = 40
	maxConsentText = 12_000 // bytes
)

// The refusals of consents.
var (
	ErrConsentNeeded = fault.Define(fault.Forbidden, "consent_required",
		"请先阅读并同意相关说明", "This needs your consent first.",
		"Read the texts that details.needed names at GET /consent-texts, and agree at "+
			"PUT /me/consents/{purpose}.")
	ErrConsentVersion = fault.Define(fault.Conflict, "consent_version_changed",
		"说明已更新,请重新阅读", "The text has a newer version than the one you read.",
		"Read it again and send the version that details.version names.")
	ErrConsentKept = fault.Define(fault.Conflict, "consent_carries_account",
		"撤回隐私说明的同意需要注销账号", "An account cannot be kept without the privacy notice.",
		"Close the account at POST /me/closure: everything personal is erased then.")
)

// Texts are the current texts: of an organization where it has its own, or (0) of the
// installation, where the product brings a first version of each.
func (m *Members) Texts(ctx context.Context, organization int64) ([]ConsentText, error) {
	list, err := m.Consents.Texts(ctx, actor.Scope{Organization: organization})
	if err != nil || organization != 0 {
		return list, err
	}
	var out []ConsentText
	for _, p := range ConsentPurposes() {
		at := slices.IndexFunc(list, func(t ConsentText) bool { return t.Purpose == p })
		if at >= 0 {
			out = append(out, list[at])
			continue
		}
		out = append(out, firstText(p))
	}
	return out, nil
}

// textIn is the current text of a purpose; version 0 when there is none.
func (m *Members) textIn(tx *sqldb.Tx, organization int64, p ConsentPurpose) (ConsentText, error) {
	t, ok, err := m.Consents.NewestTextIn(tx, actor.Scope{Organization: organization}, p)
	if err == nil && !ok && organization == 0 {
		t = firstText(p)
	}
	return t, err
}

// ConsentInput is what is written of a text.
type ConsentInput struct {
	Purpose                          ConsentPurpose
	TitleZh, TitleEn, BodyZh, BodyEn string
}

func (in *ConsentInput) check(organization int64) error {
	var p fault.Problems
	if !slices.Contains(ConsentPurposes(), in.Purpose) ||
		organization != 0 && in.Purpose == KeepCompanions {
		p.Add("purpose", "is none that has a text here 此处没有这种说明")
	}
	for field, v := range map[string]struct {
		text *string
		most int
	}{
		"title_zh": {&in.TitleZh, 120}, "title_en": {&in.TitleEn, 200},
		"body_zh": {&in.BodyZh, maxConsentText}, "body_en": {&in.BodyEn, maxConsentText},
	} {
		*v.text = strings.TrimSpace(*v.text)
		if n := len(*v.text); n == 0 || n > v.most || !utf8.ValidString(*v.text) {
			p.Add(field, "must have 1 to %d bytes of text 应为 1 至 %d 字节", v.most, v.most)
		}
	}
	return p.Err()
}

// PublishText makes the next version of a text; whoever agreed to an earlier one is asked
// again where it is needed. The caller has checked that who may. It refuses with
// fault.BadInput.
func (m *Members) PublishText(ctx context.Context, who actor.Actor, organization int64,
	in ConsentInput,
) (ConsentText, error) {
	if err := in.check(organization); err != nil {
		return ConsentText{}, err
	}
	var t ConsentText
	err := m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		now, err := m.textIn(tx, organization, in.Purpose)
		if err != nil {
			return err
		}
		t = ConsentText{Organization: organization, Purpose: in.Purpose, Version: now.Version + 1,
			TitleZh: in.TitleZh, TitleEn: in.TitleEn, BodyZh: in.BodyZh, BodyEn: in.BodyEn,
			PublishedAt: tx.Now}
		if err := m.Consents.InsertText(tx, t); err != nil {
			return err
		}
		m.Journal.Append(tx, journal.Entry{Actor: who, Organization: organization,
			Action: "consent_text.published", Data: data(map[string]any{
				"purpose": t.Purpose, "version": t.Version})})
		return nil
	})
	return t, err
}

// Decision is what a member decides about a text.
type Decision struct {
	Organization int64
	Purpose      ConsentPurpose
	Version      int // as read
	Given        bool
}

// Decide keeps a decision; the same one again is kept once. Taking back the consent to keep
// companions erases them. It refuses with fault.BadInput, ErrConsentVersion and
// ErrConsentKept.
func (m *Members) Decide(ctx context.Context, id int64, d Decision) ([]Consent, error) {
	next := m.IDs.Next()
	err := m.DB.InTx(ctx, func(tx *sqldb.Tx) error {
		r, err := m.activeIn(tx, id)
		if err != nil {
			return err
		}
		have, err := m.Consents.ConsentsOfIn(tx, id, MaxConsents)
		if err != nil {
			return err
		}
		last, ok := holding(have, d.Organization, d.Purpose)
		if err := m.checkDecision(tx, d, ok && last.Given); err != nil {
			return err
		}
		if ok && last.Given == d.Given && (last.Version == d.Version || !d.Given) {
			return nil
		}
		often := m.quotaSubject("consents of", tailKind(id))
		if err := m.take(tx, often, consentsADay, 0); err != nil {
			return err
		}
		c := Consent{ID: next, Member: id, Organization: d.Organization, Purpose: d.Purpose,
			Version: d.Version, Given: d.Given, At: tx.Now}
		if err := m.Consents.InsertConsent(tx, c); err != nil {
			return err
		}
		gone := 0
		if d.Purpose == KeepCompanions && !d.Given {
			if gone, err = m.Companions.DeleteCompanions(tx, id); err != nil {
				return err
			}
		}
		m.note(tx, r, "member.consent_decided", map[string]any{"purpose": d.Purpose,
			"organization": d.Organization, "version": d.Version, "given": d.Given,
			"companions_erased": gone})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return m.Consents.ConsentsOf(ctx, id, MaxConsents)
}

func (m *Members) checkDecision(tx *sqldb.Tx, d Decision, given bool) error {
	t, err := m.textIn(tx, d.Organization, d.Purpose)
	switch {
	case err != nil:
		return err
	case t.Version == 0 || !slices.Contains(ConsentPurposes(), d.Purpose):
		return fault.BadInput.At("purpose", "is none that has a text here 此处没有这种说明")
	case d.Given && d.Version != t.Version:
		return ErrConsentVersion.With("version", t.Version)
	case !d.Given && given && d.Purpose == PrivacyNotice && d.Organization == 0:
		return ErrConsentKept
	}
	return nil
}

// holding is the newest decision about a purpose.
func holding(list []Consent, organization int64, p ConsentPurpose) (Consent, bool) {
	for _, c := range list {
		if c.Organization == organization && c.Purpose == p {
			return c, true
		}
	}
	return Consent{}, false
}

// Decisions are a member's decisions, the newest first.
func (m *Members) Decisions(ctx context.Context, id int64) ([]Consent, error) {
	return m.Consents.ConsentsOf(ctx, id, MaxConsents)
}

// Agreed says whether a member's consent to the current text of a purpose holds; marketing
// modules ask it before they send.
func (m *Members) Agreed(ctx context.Context, member, organization int64, p ConsentPurpose,
) (bool, error) {
	have, err := m.Consents.ConsentsOf(ctx, member, MaxConsents)
	if err != nil {
		return false, err
	}
	c, ok := holding(have, organization, p)
	return ok && c.Given, nil
}

// Require refuses with ErrConsentNeeded, naming the purposes and versions, unless a member
// agreed to the current text of everything that an action needs.
func (m *Members) Require(ctx context.Context, member int64, a ConsentAction) error {
	texts, err := m.Texts(ctx, 0)
	if err != nil {
		return err
	}
	have, err := m.Consents.ConsentsOf(ctx, member, MaxConsents)
	if err != nil {
		return err
	}
	var missing []map[string]any
	for _, t := range texts {
		if !slices.Contains(NeededFor(a), t.Purpose) {
			continue
		}
		if c, ok := holding(have, 0, t.Purpose); !ok || !c.Given || c.Version < t.Version {
			missing = append(missing, map[string]any{"purpose": t.Purpose, "version": t.Version})
		}
	}
	if len(missing) > 0 {
		return ErrConsentNeeded.With("needed", missing)
	}
	return nil
}

// firstText is version 1 of each of the installation's texts, which the operator replaces
// by his own.
func firstText(p ConsentPurpose) ConsentText {
	t := ConsentText{Purpose: p, Version: 1}
	switch p {
	case PrivacyNotice:
		t.TitleZh, t.TitleEn = "隐私说明", "Privacy notice"
		t.BodyZh = "我们保存您的手机号,用于登录和通知;保存您主动填写的姓名、邮箱与常用观演人,用于购票与入场。" +
			"这些信息加密保存,工作人员默认只能看到打码后的内容。您可以随时导出全部数据或注销账号;" +
			"注销后个人信息即被删除,订单与资金记录按法律要求保留,但不再与您的身份关联。"
		t.BodyEn = "We keep your phone to sign you in and to reach you, and the name, e-mail " +
			"address and companions that you give, to sell and check tickets. All of it is kept " +
			"encrypted, and staff see it masked. You may export everything or close the account " +
			"at any time; then what is personal is erased, and records of orders and money stay, " +
			"as the law asks, with nothing that names you."
	case KeepCompanions:
		t.TitleZh, t.TitleEn = "保存常用观演人", "Keeping companions"
		t.BodyZh = "我们加密保存您填写的观演人姓名与证件号码,只用于实名购票和入场核验。请先征得本人" +
			"(未满 14 周岁的,征得其监护人)同意。撤回同意后,已保存的观演人会被全部删除。"
		t.BodyEn = "We keep the names and documents of the people you buy for, encrypted, to " +
			"sell real-name tickets and to check them at the gate, and for nothing else. Ask " +
			"them first, and for a child under 14 the guardian. Taking this back erases them all."
	case Marketing:
		t.TitleZh, t.TitleEn = "接收推荐信息", "News and offers"
		t.BodyZh = "我们偶尔通过短信或邮件向您推荐演出与优惠。不同意不影响购票,可随时撤回。"
		t.BodyEn = "Now and then we tell you of shows and offers by SMS or e-mail. Tickets are " +
			"sold to you without this too, and you may take it back at any time."
	}
	return t
}
