package pii

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
)

const (
	maxName  = 64  // characters
	maxEmail = 254 // bytes (RFC 5321)
	maxLocal = 64  // bytes before the @
)

// Email brings an address into the form that is stored and compared: lower case, the
// domain in its ASCII form. It refuses (ErrEmail) quoted and commented forms, which no
// person types, and domains without a dot.
func Email(raw string) (string, error) {
	text := strings.ToLower(strings.TrimSpace(raw))
	local, domain, ok := strings.Cut(text, "@")
	if !ok || len(text) > maxEmail || len(local) > maxLocal || !isDotAtom(local) {
		return "", ErrEmail
	}
	domain, err := idna.Lookup.ToASCII(domain)
	if err != nil || !isDomain(domain) || len(local)+1+len(domain) > maxEmail {
		return "", ErrEmail
	}
	return local + "@" + domain, nil
}

func isDotAtom(s string) bool {
	for _, part := range strings.Split(s, ".") {
		if part == "" {
			return false
		}
		for _, r := range part {
			plain := r >= 'a' && r <= 'z' || r >= '0' && r <= '9' ||
				strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
			if !plain {
				return false
			}
		}
	}
	return true
}

func isDomain(s string) bool {
	labels := strings.Split(s, ".")
	if len(labels) < 2 || len(s) > 253 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
				return false
			}
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, "0123456789") != "" // an address of numbers is no domain
}

// MaskEmail shows the first letter and the domain: w***@example.com.
func MaskEmail(email string) string {
	local, domain, ok := strings.Cut(email, "@")
	if !ok || local == "" {
		return "***"
	}
	_, n := utf8.DecodeRuneInString(local)
	return local[:n] + "***@" + domain
}

// Name brings a person's name into one form: composed letters, single spaces. It refuses
// (ErrName) empty and long names and anything but letters, marks and the signs that names
// hold; digits and tags are how forms are attacked, not how people are called.
func Name(raw string) (string, error) {
	if len(raw) > 8*maxName || !utf8.ValidString(raw) {
		return "", ErrName
	}
	text := norm.NFC.String(strings.Join(strings.Fields(raw), " "))
	letters := 0
	for _, r := range text {
		switch {
		case unicode.IsLetter(r):
			letters++
		case unicode.IsMark(r), strings.ContainsRune(" .'-·•‧・’", r):
		default:
			return "", ErrName
		}
	}
	if letters == 0 || utf8.RuneCountInString(text) > maxName {
		return "", ErrName
	}
	return text, nil
}

// MaskName keeps the first letter of each part, as the convention is: 张*, 王**, J*** S***.
// A star stands for each further Chinese letter; other scripts get three, because the
// length of a rare name is a name.
func MaskName(name string) string {
	parts := strings.Fields(name)
	for i, part := range parts {
		first, size := utf8.DecodeRuneInString(part)
		switch rest := utf8.RuneCountInString(part[size:]); {
		case unicode.Is(unicode.Han, first):
			parts[i] = part[:size] + strings.Repeat("*", max(1, rest))
		default:
			parts[i] = part[:size] + "***"
		}
	}
	if len(parts) == 0 {
		return "*"
	}
	return strings.Join(parts, " ")
}
