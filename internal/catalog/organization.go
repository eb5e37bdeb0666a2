package catalog

import (
	"foyer/internal/money"
)

// Organization sells in the installation: the tenant.
type Organization struct {
	Meta
	OrganizationInfo
}

// OrganizationInfo is what people write about an organization.
type OrganizationInfo struct {
	Name     string         `json:"name" minLength:"1" maxLength:"120" doc:"name as buyers see it"`
	NameEn   string         `json:"name_en,omitempty" maxLength:"120" doc:"name in English"`
	Currency money.Currency `json:"currency,omitempty" doc:"ISO 4217 code of all its prices"`
}

func (o *OrganizationInfo) check() error {
	tidyText(&o.Name, &o.NameEn)
	if o.Currency == "" {
		o.Currency = money.CNY
	}
	var c checker
	c.text("name", o.Name, 1, 120)
	c.text("name_en", o.NameEn, 0, 120)
	if !isCurrency(o.Currency) {
		c.Add("currency", "is not three capitals like CNY / 应为三位大写货币代码")
	}
	return c.Err()
}

func isCurrency(v money.Currency) bool {
	if len(v) != 3 {
		return false
	}
	for i := range len(v) {
		if v[i] < 'A' || v[i] > 'Z' {
			return false
		}
	}
	return true
}
