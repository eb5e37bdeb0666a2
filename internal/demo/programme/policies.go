package programme

// The keys of the refund policies.
const (
	cinemaLadder  = "cinema-ladder"
	theatreLadder = "theatre-ladder"
	museumFree    = "museum-free"
	parkDay       = "park-day"
	noRefund      = "no-refund"
)

const (
	hour    = 60
	fullDay = 24 * hour
)

// policies are the presets. A source says honestly what the law asks for and what is the
// operator's own choice; a session that the house cancels is refunded in full under all.
func policies() []RefundPolicy {
	return []RefundPolicy{
		cinemaPolicy(), theatrePolicy(), museumPolicy(), parkPolicy(), noRefundPolicy(),
	}
}

func cinemaPolicy() RefundPolicy {
	return RefundPolicy{
		Key: cinemaLadder, Allowed: true,
		Name:  Text{"影院阶梯退票", "Cinema ladder"},
		Rungs: []Rung{{2 * hour, 0, 0}, {30, 2000, 200}},
		Terms: Text{
			"开场前2小时以上免费退票；开场前30分钟以上收取票价20%（每张至少2元）；此后不可退。",
			"Free until two hours before the start; 20 % (at least ¥2 a ticket) until 30 minutes " +
				"before; no refund after that.",
		},
		Source: Text{
			"中国电影发行放映协会《关于电影票“退改签”规定的通知》（2018年9月18日）要求明确退改签规定并在付款前告知；" +
				"具体时限与费率为经营者自定规则。",
			"Notice on refunds, changes and endorsement of film tickets by the China Film " +
				"Distribution and Exhibition Association (18 September 2018): rules must be " +
				"clear and shown before payment. The deadlines and fees are the operator's " +
				"own rule.",
		},
	}
}

func theatrePolicy() RefundPolicy {
	return RefundPolicy{
		Key: theatreLadder, Allowed: true,
		Name:  Text{"演出梯次退票", "Theatre ladder"},
		Rungs: []Rung{{5 * fullDay, 0, 0}, {2 * fullDay, 2000, 500}, {fullDay, 4000, 1000}},
		Terms: Text{
			"开演前5天以上免费退票；开演前2天以上收取20%（每张至少5元）；开演前1天以上收取40%（每张至少10元）；此后不可退。",
			"Free until five days before the start; 20 % (at least ¥5 a ticket) until two days " +
				"before; 40 % (at least ¥10) until one day before; no refund after that.",
		},
		Source: Text{
			"文化和旅游部、公安部《关于进一步加强大型营业性演出活动规范管理促进演出市场健康有序发展的通知》（2023年9月）" +
				"要求5000人以上演出设定合理的梯次退票收费标准；本剧院1200座，不在强制范围，参照执行，费率为经营者自定规则。",
			"Notice of the Ministry of Culture and Tourism and the Ministry of Public Security " +
				"on large commercial performances (September 2023): shows for more than 5,000 " +
				"people need reasonable laddered refund fees. This house has 1,200 seats and " +
				"follows it by choice; the rates are the operator's own rule.",
		},
	}
}

func museumPolicy() RefundPolicy {
	return RefundPolicy{
		Key: museumFree, Allowed: true,
		Name:  Text{"博物馆免费取消", "Free cancellation at the museum"},
		Rungs: []Rung{{0, 0, 0}},
		Terms: Text{
			"预约时段开始前可免费取消，票款全额退回。",
			"Cancel free of charge until the time slot begins; everything paid is returned.",
		},
		Source: Text{"经营者自定规则，法律法规未作规定。", "Operator's own rule; no law or notice sets one."},
	}
}

func parkPolicy() RefundPolicy {
	return RefundPolicy{
		Key: parkDay, Allowed: true,
		Name:  Text{"乐园退票", "Park"},
		Rungs: []Rung{{9 * hour, 0, 0}, {0, 1000, 500}},
		Terms: Text{
			"入园日开园前9小时以上免费退票；开园前收取10%（每张至少5元）；开园后不可退。",
			"Free until nine hours before the park opens on the day of the visit; 10 % (at least " +
				"¥5 a ticket) until it opens; no refund after that.",
		},
		Source: Text{"经营者自定规则，法律法规未作规定。", "Operator's own rule; no law or notice sets one."},
	}
}

func noRefundPolicy() RefundPolicy {
	return RefundPolicy{
		Key:  noRefund,
		Name: Text{"不可退票", "No refund"},
		Terms: Text{
			"售出后不可退票；因主办方原因取消的，全额退款。",
			"Not refundable once sold. If the house cancels, everything is refunded.",
		},
		Source: Text{
			"经营者自定规则。依《消费者权益保护法》第二十六条，须在购买前以显著方式提示，且不得排除消费者的法定权利。",
			"Operator's own rule. Under article 26 of the Law on the Protection of Consumer " +
				"Rights and Interests it must be shown conspicuously before the purchase and " +
				"cannot take away rights that the law gives.",
		},
	}
}
