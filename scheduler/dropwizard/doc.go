// Package dropwizard keeps the metrics that Marathon had, under Marathon's names
// ("Marathon, metrics worth keeping"), and shows them in both forms that Marathon
// did: as Dropwizard's JSON, and for Prometheus, where dots and dashes of a name
// are underscores.
//
// A name tells its kind: "apps.active.gauge", "tasks.launched.counter",
// "http.responses.2xx.rate.meter", "http.requests.duration.timer.seconds".
package dropwizard
