package app

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"foyer/internal/httpx"
	"foyer/internal/idgen"
	"foyer/internal/journal"
	"foyer/internal/sqldb"
)

// Metrics are the figures of /metrics. Those of the store and of the business are read when
// somebody asks.
type Metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	scans    *prometheus.CounterVec
}

func newMetrics() *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "foyer_http_requests_total", Help: "Finished requests."},
			[]string{"route", "status"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "foyer_http_request_seconds", Help: "Time to answer.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5}},
			[]string{"route"}),
	}
	m.scans = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foyer_scans_total",
		Help: "Scans at gates, by outcome."}, []string{"outcome"})
	m.registry.MustRegister(m.requests, m.seconds, m.scans, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *Metrics) observe(o httpx.Observation) {
	m.requests.WithLabelValues(o.Route, strconv.Itoa(o.Status)).Inc()
	m.seconds.WithLabelValues(o.Route).Observe(o.Duration.Seconds())
}

func (m *Metrics) scanned(outcome string) { m.scans.WithLabelValues(outcome).Inc() }

func (m *Metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{})
}

// business reads the figures that live in the book; it is a prometheus.Collector.
type business struct{ a *App }

const figuresTime = 2 * time.Second

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("foyer_"+name, help, labels, nil)
}

// Describe says nothing in advance: what is there depends on what is found.
func (b business) Describe(chan<- *prometheus.Desc) {}

// Collect reads the figures; one that cannot be read is left out, and said so by
// foyer_figures_failed.
func (b business) Collect(out chan<- prometheus.Metric) {
	//tidy:allow context the scraper gives none
	ctx, cancel := context.WithTimeout(context.Background(), figuresTime)
	defer cancel()
	failed := 0.0
	for _, read := range []func(context.Context, chan<- prometheus.Metric) error{
		b.orders, b.facts, b.jobs,
	} {
		if err := read(ctx, out); err != nil {
			failed++
			b.a.Log.Warn("figures", "error", err)
		}
	}
	b.store(out, b.a.DB.Stats())
	gauge(out, desc("figures_failed", "Figures that could not be read just now."), failed)
}

func gauge(out chan<- prometheus.Metric, d *prometheus.Desc, v float64, labels ...string) {
	out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
}

func (b business) orders(ctx context.Context, out chan<- prometheus.Metric) error {
	since := idgen.FloorAt(b.a.Clock.Now().Add(-24 * time.Hour))
	counts, err := b.a.orderStore.Figures(ctx, since)
	if err != nil {
		return err
	}
	d := desc("orders", "Orders made within 24 hours, by state.", "state")
	for _, state := range []string{"requested", "pending", "closing", "paid", "expired",
		"cancelled"} {
		gauge(out, d, float64(counts[state]), state)
	}
	lost, err := b.a.doctorBook.PaidNotTicketed(ctx, since)
	if err != nil {
		return err
	}
	gauge(out, desc("paid_not_ticketed",
		"Paid orders within 24 hours without a ticket: must be 0."), float64(lost))
	return nil
}

func (b business) facts(ctx context.Context, out chan<- prometheus.Metric) error {
	lags, err := b.a.Journal.Lags(ctx)
	if err != nil {
		return err
	}
	age := desc("fact_age_seconds", "Age of the oldest undelivered fact.", "subscriber")
	waiting := desc("facts_waiting", "Facts not delivered yet.", "subscriber")
	now := b.a.Clock.Now()
	for _, l := range lags {
		old := 0.0
		if !l.Oldest.IsZero() {
			old = now.Sub(l.Oldest).Seconds()
		}
		gauge(out, age, old, l.Subscriber)
		gauge(out, waiting, float64(l.Facts), l.Subscriber)
	}
	parked, err := b.a.Journal.Parked(ctx, journal.Parked{}, 100)
	if err != nil {
		return err
	}
	gauge(out, desc("facts_parked", "Facts that failed five times, at most 100."),
		float64(len(parked)))
	return nil
}

func (b business) jobs(ctx context.Context, out chan<- prometheus.Metric) error {
	failed, err := b.a.Jobs.Failed(ctx, 0, 100)
	if err != nil {
		return err
	}
	gauge(out, desc("jobs_failed", "Jobs that gave up, at most 100."), float64(len(failed)))
	return nil
}

func (b business) store(out chan<- prometheus.Metric, s sqldb.Stats) {
	gauge(out, desc("writer_waiting", "Commands that wait for the writer."), float64(s.Waiting))
	gauge(out, desc("writer_largest_batch", "Most commands committed together."),
		float64(s.LargestBatch))
	for name, n := range map[string]int64{"writer_batches_total": s.Batches,
		"writer_commands_total": s.Functions, "writer_failures_total": s.Failures,
		"writer_reruns_total": s.Reruns, "writer_slow_total": s.SlowFunctions} {
		out <- prometheus.MustNewConstMetric(desc(name, "The writer's work since the start."),
			prometheus.CounterValue, float64(n))
	}
	gauge(out, desc("wal_bytes", "Size of the write-ahead log."), float64(b.a.DB.WALBytes()))
}
