package catalog

import (
	"fmt"
	"time"

	"foyer/internal/money"
)

// RefundPolicy says until when a ticket is given back and what it costs.
type RefundPolicy struct {
	Meta
	RefundPolicyInfo
}

// RefundPolicyInfo is what people write about a refund policy, and what an order keeps a
// copy of.
type RefundPolicyInfo struct {
	Name   string `json:"name" minLength:"1" maxLength:"120"`
	NameEn string `json:"name_en,omitempty" maxLength:"120"`
	// Allowed false: no refund at the buyer's wish.
	Allowed bool   `json:"allowed" doc:"false: no refund at the buyer's wish"`
	Ladder  []Rung `json:"ladder,omitempty" maxItems:"10" doc:"earliest rung first"`
	Text    string `json:"text,omitempty" maxLength:"1000" doc:"what the buyer agrees to"`
	TextEn  string `json:"text_en,omitempty" maxLength:"1000"`
	// Change says how tickets are changed for others; nil: not at all.
	Change *ChangeRules `json:"change,omitempty" doc:"none: tickets are not changed"`
	// AtGate says what is sold on top at the gate; nil: nothing.
	AtGate *GateRules `json:"at_gate,omitempty" doc:"none: no upgrade at the gate"`
	// LegalSource says which rule the policy follows.
	LegalSource   string `json:"legal_source,omitempty" maxLength:"500"`
	LegalSourceEn string `json:"legal_source_en,omitempty" maxLength:"500"`
}

// Rung is one step of the ladder: asked for at least UntilBefore minutes before the start,
// a refund costs FeePercent of the price, but at least MinFee and at most the price.
type Rung struct {
	UntilBefore int         `json:"until_minutes_before" minimum:"0" maximum:"525600"`
	FeePercent  int         `json:"fee_basis_points" minimum:"0" maximum:"10000" doc:"1000 is 10 %"`
	MinFee      money.Minor `json:"min_fee_minor,omitempty" minimum:"0" doc:"a unit"`
}

func (p *RefundPolicyInfo) check() error {
	tidyText(&p.Name, &p.NameEn, &p.Text, &p.TextEn, &p.LegalSource, &p.LegalSourceEn)
	var c checker
	c.text("name", p.Name, 1, 120)
	c.text("name_en", p.NameEn, 0, 120)
	c.text("text", p.Text, 0, 1000)
	c.text("text_en", p.TextEn, 0, 1000)
	c.text("legal_source", p.LegalSource, 0, 500)
	c.text("legal_source_en", p.LegalSourceEn, 0, 500)
	p.Change.check(&c)
	p.AtGate.check(&c)
	if len(p.Ladder) > 10 {
		c.Add("ladder", "has more than 10 rungs / 最多 10 档")
		return c.Err()
	}
	if p.Allowed && len(p.Ladder) == 0 {
		c.Add("ladder", "is required where refunds are allowed / 允许退票时必填")
	}
	for i, r := range p.Ladder {
		at := fmt.Sprintf("ladder[%d]", i)
		c.number(at+".until_minutes_before", int64(r.UntilBefore), 0, 525_600)
		c.number(at+".fee_basis_points", int64(r.FeePercent), 0, 10_000)
		c.number(at+".min_fee_minor", int64(r.MinFee), 0, int64(MaxPrice))
		if i > 0 && r.UntilBefore >= p.Ladder[i-1].UntilBefore {
			c.Add(at+".until_minutes_before",
				"is not nearer to the start than the rung before / 应从早到晚排列")
		}
		if i > 0 && r.FeePercent < p.Ladder[i-1].FeePercent {
			c.Add(at+".fee_basis_points",
				"is cheaper than an earlier rung / 越临近开场手续费不应越低")
		}
	}
	return c.Err()
}

// RungAt is the rung that a refund asked for now falls on; false when it is too late or
// refunds are not allowed.
func (p *RefundPolicyInfo) RungAt(start, now time.Time) (Rung, bool) {
	if !p.Allowed {
		return Rung{}, false
	}
	for _, r := range p.Ladder {
		if !now.After(start.Add(-time.Duration(r.UntilBefore) * time.Minute)) {
			return r, true
		}
	}
	return Rung{}, false
}

// Fee is what giving back one unit costs on the rung: never more than was paid for it.
func (r Rung) Fee(paid money.Minor) money.Minor {
	fee, err := money.Portion(paid, int64(r.FeePercent), 10_000)
	if err != nil {
		return paid
	}
	return min(max(fee, r.MinFee), paid)
}

// PolicyPreset is a refund policy to start from.
type PolicyPreset struct {
	Key string `json:"key" doc:"cinema, theatre, museum, park or none"`
	RefundPolicyInfo
}

const (
	consumerLaw = "《消费者权益保护法》第二十六条:格式条款应显著提示,不得不公平、不合理;" +
		"法律未规定具体阶梯,由经营者公示并与购票人约定。"
	consumerLawEn = "Consumer Rights Protection Law, art. 26: standard terms must be shown " +
		"prominently and be fair. No ladder is prescribed; the operator states its own."
)

// PolicyPresets are the policies to start from, each with the rule that it follows.
func PolicyPresets() []PolicyPreset {
	list := refundPresets()
	for i := range list {
		list[i].Change = changePreset(list[i].Key)
	}
	return list
}

func refundPresets() []PolicyPreset {
	day := 24 * 60
	return []PolicyPreset{
		{"cinema", RefundPolicyInfo{Name: "影院退票", NameEn: "Cinema refund", Allowed: true,
			Ladder: []Rung{{day, 0, 0}, {120, 1000, 0}, {30, 2000, 0}},
			Text: "开场前 24 小时以上免费退;24 小时至 2 小时收 10%;2 小时至 30 分钟收 20%;" +
				"之后不可退。",
			TextEn: "Free until 24 h before the start; 10 % until 2 h; 20 % until 30 min; " +
				"none after that.",
			LegalSource: "中国电影发行放映协会《关于电影票“退改签”规定的通知》(2018):" +
				"影院与售票平台应制定并在购票前明示退改签规则。" + consumerLaw,
			LegalSourceEn: "China Film Distribution and Exhibition Association, notice on " +
				"refunds and changes of film tickets (2018): rules must be set and shown " +
				"before the purchase. " + consumerLawEn}},
		{"theatre", RefundPolicyInfo{Name: "演出梯次退票", NameEn: "Performance refund ladder",
			Allowed: true,
			Ladder: []Rung{{15 * day, 0, 0}, {7 * day, 1000, 0}, {3 * day, 3000, 0},
				{day, 5000, 0}},
			Text: "开演前 15 天以上免费退;15 至 7 天收 10%;7 至 3 天收 30%;3 天至 24 小时收 50%;" +
				"之后不可退。",
			TextEn: "Free until 15 days before; 10 % until 7 days; 30 % until 3 days; " +
				"50 % until 24 h; none after that.",
			LegalSource: "文化和旅游部、公安部《关于进一步加强大型营业性演出活动规范管理促进演出市场" +
				"健康有序发展的通知》(2023):大型演出应建立退票机制,设定合理的梯次退票收费标准。",
			LegalSourceEn: "Ministry of Culture and Tourism and Ministry of Public Security, " +
				"notice on large commercial performances (2023): a refund mechanism with a " +
				"reasonable ladder of fees is required."}},
		{"museum", RefundPolicyInfo{Name: "预约随时退", NameEn: "Free until the slot begins",
			Allowed: true, Ladder: []Rung{{0, 0, 0}},
			Text:        "入馆时段开始前可免费取消。",
			TextEn:      "Free of charge until the time slot begins.",
			LegalSource: consumerLaw, LegalSourceEn: consumerLawEn}},
		{"park", RefundPolicyInfo{Name: "景区乐园退票", NameEn: "Park refund", Allowed: true,
			Ladder:      []Rung{{day, 0, 0}, {0, 1000, 0}},
			Text:        "入园前一天可免费退;当天入园时段开始前收 10%;之后不可退。",
			TextEn:      "Free until 24 h before the slot; 10 % until it begins; none after that.",
			LegalSource: consumerLaw, LegalSourceEn: consumerLawEn}},
		{"none", RefundPolicyInfo{Name: "不可退换", NameEn: "No refund",
			Text: "售出后不因购票人原因退票;演出或场次取消、变更的,依法全额退款。",
			TextEn: "Not given back at the buyer's wish. A session that is cancelled or " +
				"changed is refunded in full as the law asks.",
			LegalSource: consumerLaw, LegalSourceEn: consumerLawEn}},
	}
}
