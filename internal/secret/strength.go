package secret

import (
	_ "embed" // the list of the worst passwords
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"foyer/internal/fault"
)

const (
	// MinPassword and MaxPassword bound a password in characters.
	MinPassword = 8
	MaxPassword = 128
	// MaxPasswordBytes is what is hashed at most.
	MaxPasswordBytes = 4 * MaxPassword
)

// ErrPassword refuses a password that somebody would guess, naming every reason.
var ErrPassword = fault.Define(fault.Invalid, "password_weak",
	"密码不符合要求", "This password does not protect the account.",
	"Use 8 to 128 characters that are not a common password, a run of keys or your own data.")

//go:embed worst.txt
var worst string

// CheckStrength refuses (ErrPassword) a password that is too short or long, on the list of
// the worst, a run or a repetition, or built around what is known about its owner: phone,
// e-mail, name, given as known. No classes of characters are asked for: they make
// passwords that people forget and programs guess.
func CheckStrength(password string, known ...string) error {
	var p fault.Problems
	n := utf8.RuneCountInString(password)
	if !utf8.ValidString(password) || strings.ContainsFunc(password, unicode.IsControl) {
		p.Add("password", "holds characters that cannot be typed 含有无法输入的字符")
	}
	if n < MinPassword {
		p.Add("password", "has fewer than %d characters 少于 %d 个字符", MinPassword, MinPassword)
	}
	if n > MaxPassword {
		p.Add("password", "has more than %d characters 多于 %d 个字符", MaxPassword, MaxPassword)
		return p.As(ErrPassword)
	}
	text := strings.ToLower(norm.NFKC.String(password))
	switch {
	case isWorst(text):
		p.Add("password", "is one of the most common 是最常见的密码之一")
	case isRun(text) || isRepeated(text):
		p.Add("password", "is a run or a repetition 是连续或重复的字符")
	}
	for _, own := range known {
		if isOwn(text, own) {
			p.Add("password", "is your own phone, e-mail or name 与手机号、邮箱或姓名相同")
			break
		}
	}
	return p.As(ErrPassword)
}

// isWorst also finds the common ones behind a few digits or marks at the end.
func isWorst(text string) bool {
	bare := strings.TrimRight(text, "0123456789!@#.?*")
	for line := range strings.Lines(worst) {
		line = strings.TrimSpace(line)
		if line == text || len(bare) >= 5 && line == bare {
			return true
		}
	}
	return false
}

// keyRows are the runs that fingers find: a password inside one, either way, is no secret.
var keyRows = [...]string{
	"01234567890123456789", "abcdefghijklmnopqrstuvwxyz",
	"qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "qwertyuiopasdfghjklzxcvbnm",
	"1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/", "1q2w3e4r5t6y7u8i9o0p",
	"!qaz@wsx#edc$rfv", "!@#$%^&*()", "147258369", "159357", "1234qwerasdfzxcv",
}

func isRun(text string) bool {
	back := []rune(text)
	for i, j := 0, len(back)-1; i < j; i, j = i+1, j-1 {
		back[i], back[j] = back[j], back[i]
	}
	for _, row := range keyRows {
		if strings.Contains(row, text) || strings.Contains(row, string(back)) {
			return true
		}
	}
	return false
}

// isRepeated finds units of up to four characters said again and again: aaaaaaaa, abcabcabc.
func isRepeated(text string) bool {
	r := []rune(text)
	for unit := 1; unit <= 4 && unit*2 <= len(r); unit++ {
		same := true
		for i := unit; i < len(r) && same; i++ {
			same = r[i] == r[i-unit]
		}
		if same {
			return true
		}
	}
	return false
}

// isOwn is true when little is left of the password without what is known of its owner.
func isOwn(text, own string) bool {
	own = strings.ToLower(norm.NFKC.String(strings.TrimSpace(own)))
	for _, part := range []string{own, strings.TrimPrefix(own, "+86"), before(own, "@")} {
		if utf8.RuneCountInString(part) < 5 {
			continue
		}
		rest := strings.ReplaceAll(text, part, "")
		if rest != text && utf8.RuneCountInString(rest) < 5 {
			return true
		}
	}
	return false
}

func before(s, sep string) string {
	head, _, _ := strings.Cut(s, sep)
	return head
}
