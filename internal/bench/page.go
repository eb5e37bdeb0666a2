package bench

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"
	"time"

	"foyer/internal/bench/load"
)

//go:embed page.html
var pageHTML string

// page is bench.html: one file that asks for nothing else.
type page struct {
	Machine  machine
	Rows     []Row
	Version  string
	Short    bool
	Others   string // share of the cores used by neither server nor generator
	Busy     string // by whom
	Checked  string
	Failures []string
	Ended    time.Time
}

func (p *page) render(out io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"what":   func(r Row) string { return r.what },
		"bound":  func(r Row) string { return r.bound() },
		"number": number, "ratioBars": ratioBars, "tailBars": tailBars, "overTime": overTime,
		"hasPoints": func(r Row) bool { return len(r.points) > 1 },
		"at":        func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") },
		"lines":     func(m machine) []string { return m.lines() },
		"ratio": func(r *float64) string {
			if r == nil {
				return "–"
			}
			return fmt.Sprintf("%.3f", *r)
		},
	}).Parse(pageHTML)
	if err != nil {
		return err
	}
	return t.Execute(out, p)
}

// number is a figure with as many digits as it deserves.
func number(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 1000:
		return thousands(int64(math.Round(v)))
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// drawing collects the elements of an SVG.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

func (d *drawing) text(x, y float64, class, anchor, text string) {
	d.add(`<text x="%.1f" y="%.1f" class="%s" text-anchor="%s">%s</text>`, x, y, class, anchor,
		template.HTMLEscapeString(text))
}

// svg wraps the elements; width is 360 so that a phone shows it at its own size.
func (d *drawing) svg(height float64, label string) template.HTML {
	return template.HTML(fmt.Sprintf(
		`<svg viewBox="0 0 %d %.0f" role="img" aria-label="%s">%s</svg>`,
		chartWidth, height, template.HTMLEscapeString(label), d.String()))
}

const (
	chartWidth = 360
	barHeight  = 14.0
	barStep    = 40.0
)

// ratioBars draws each ratio as a bar from zero, with marks where must and stretch are.
func ratioBars(rows []Row) template.HTML {
	var list []Row
	top := 0.0
	for _, r := range rows {
		if r.Ratio != nil && r.Name != "noop" {
			list = append(list, r)
			top = max(top, *r.Ratio, r.StretchRatio, r.MustRatio)
		}
	}
	var d drawing
	const width = chartWidth - 60
	for i, r := range list {
		y := float64(i)*barStep + 16
		at := func(v float64) float64 { return v / top * width }
		d.text(0, y, "name", "start", r.Name)
		d.text(chartWidth, y, "value", "end", fmt.Sprintf("%.3f · %s/s", *r.Ratio, number(r.RPS)))
		d.add(`<rect x="0" y="%.1f" width="%d" height="%.0f" rx="3" class="track"/>`, y+5, width,
			barHeight)
		d.add(`<rect x="0" y="%.1f" width="%.1f" height="%.0f" rx="3" class="bar %s"/>`, y+5,
			max(2, at(*r.Ratio)), barHeight, r.Verdict)
		for _, m := range []struct {
			v     float64
			class string
		}{{r.MustRatio, "mustmark"}, {r.StretchRatio, "stretchmark"}} {
			if m.v > 0 {
				d.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="%s">`+
					`<title>%.2f</title></line>`,
					at(m.v), at(m.v), y+2, y+barHeight+8, m.class, m.v)
			}
		}
	}
	return d.svg(float64(len(list))*barStep+8, "ratio to the floor, by row")
}

// tailBars draws p50 and p99 of the rows with a fixed arrival rate beside what p99 may be,
// on a logarithmic scale: the rows differ by orders of magnitude.
func tailBars(rows []Row) template.HTML {
	var list []Row
	low, high := math.Inf(1), 1.0
	for _, r := range rows {
		if r.Loop == "open" && r.P50Ms > 0 {
			list = append(list, r)
			low, high = min(low, r.P50Ms), max(high, r.P99Ms, r.MustP99Ms)
		}
	}
	low = math.Pow(10, math.Floor(math.Log10(min(low, 1))))
	high = max(10*low, math.Pow(10, math.Ceil(math.Log10(high))))
	var d drawing
	at := func(v float64) float64 {
		return 8 + (chartWidth-16)*(math.Log10(max(v, low))-math.Log10(low))/math.Log10(high/low)
	}
	bottom := float64(len(list)) * barStep
	for v := low; v <= high*1.01; v *= 10 {
		d.add(`<line x1="%.1f" x2="%.1f" y1="0" y2="%.1f" class="grid"/>`, at(v), at(v), bottom+4)
		anchor := "middle"
		if v == low {
			anchor = "start"
		} else if v*5 > high {
			anchor = "end"
		}
		d.text(at(v), bottom+17, "axis", anchor, duration(v))
	}
	for i, r := range list {
		y := float64(i)*barStep + 14
		d.text(0, y, "name", "start", fmt.Sprintf("%s · %s/s", r.Name, number(r.RPS)))
		d.text(chartWidth, y, "value", "end",
			fmt.Sprintf("p50 %s · p99 %s ms", number(r.P50Ms), number(r.P99Ms)))
		mid := y + 13
		d.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="span"/>`, at(r.P50Ms),
			at(r.P99Ms),
			mid, mid)
		d.add(`<circle cx="%.1f" cy="%.1f" r="5" class="p50"/>`, at(r.P50Ms), mid)
		d.add(`<circle cx="%.1f" cy="%.1f" r="5" class="p99"/>`, at(r.P99Ms), mid)
		if r.MustP99Ms > 0 {
			d.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="mustmark">`+
				`<title>must ≤ %.0f ms`+
				`</title></line>`, at(r.MustP99Ms), at(r.MustP99Ms), mid-9, mid+9, r.MustP99Ms)
		}
	}
	return d.svg(bottom+22, "latency of rows with a fixed arrival rate")
}

// overTime draws p50 and p99 of one row over its time, and below them its rate.
func overTime(r Row) template.HTML {
	const left, right, top, mid, bottom = 38.0, chartWidth - 6.0, 8.0, 96.0, 140.0
	high, rate := 0.0, 0.0
	for _, p := range r.points {
		high, rate = max(high, p.P99Ms), max(rate, p.RPS)
	}
	high, rate = niceTop(high), niceTop(rate)
	step := (right - left) / float64(len(r.points)-1)
	path := func(v func(load.Point) float64, from, to, of float64) string {
		var s strings.Builder
		for i, p := range r.points {
			cmd := "L"
			if i == 0 {
				cmd = "M"
			}
			fmt.Fprintf(&s, "%s%.1f %.1f", cmd, left+float64(i)*step, to-(to-from)*v(p)/of)
		}
		return s.String()
	}
	var d drawing
	for _, g := range []struct{ y, v float64 }{{top, high}, {(top + mid) / 2, high / 2}, {mid, 0}} {
		d.add(`<line x1="%.1f" x2="%.1f" y1="%.1f" y2="%.1f" class="grid"/>`, left, right, g.y, g.y)
		d.text(left-5, g.y+4, "axis", "end", brief(g.v))
	}
	d.add(`<path d="%s" class="line99"/>`,
		path(func(p load.Point) float64 { return p.P99Ms }, top, mid, high))
	d.add(`<path d="%s" class="line50"/>`,
		path(func(p load.Point) float64 { return p.P50Ms }, top, mid, high))
	area := path(func(p load.Point) float64 { return p.RPS }, mid+10, bottom, rate)
	d.add(`<path d="%sL%.1f %.1fL%.1f %.1fZ" class="rate"/>`, area, right, bottom, left, bottom)
	d.text(left-5, mid+18, "axis", "end", short(rate))
	d.text(left-5, bottom+2, "axis", "end", "0")
	d.text(left, bottom+14, "axis", "start", "0 s")
	d.text(right, bottom+14, "axis", "end", fmt.Sprintf("%.1f s", r.Seconds))
	return d.svg(bottom+18, r.Name+": milliseconds and requests per second over time")
}

// niceTop is the next round figure above a value.
func niceTop(v float64) float64 {
	if v <= 0 {
		return 1
	}
	unit := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 2.5, 5, 10} {
		if m*unit >= v {
			return m * unit
		}
	}
	return 10 * unit
}

// brief is a figure for an axis.
func brief(v float64) string {
	if v >= 10_000 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v/1000), ".0") + "k"
	}
	return number(v)
}

func short(v float64) string {
	if v >= 1000 {
		return strings.TrimSuffix(fmt.Sprintf("%.1f", v/1000), ".0") + "k/s"
	}
	return number(v) + "/s"
}

// duration is a power of ten of milliseconds in its best unit.
func duration(v float64) string {
	if v >= 1000 {
		return fmt.Sprintf("%g s", v/1000)
	}
	return fmt.Sprintf("%g ms", v)
}
