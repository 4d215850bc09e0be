package taskinfo

import (
	"fmt"
	"strings"
	"time"

	"github.com/gantry-mesos/gantry/pkg/checkup"
	gantryv1 "github.com/gantry-mesos/gantry/proto/gantry/v1"
)

// reportVersion is the format of reports that this build writes; see payloadVersion.
const reportVersion = 1

// EncodeReport writes a report for TaskStatus.Data, within the bounds of checkup.
func EncodeReport(r checkup.Report) []byte {
	data, err := RecordReport(&r).Marshal()
	if err != nil {
		panic(fmt.Sprintf("taskinfo: write report: %v", err)) // all texts are valid UTF-8
	}
	return data
}

// ParseReport reads what EncodeReport wrote, nil if data is empty. Texts are cut
// to the bounds of checkup and lists to ChecksMax, as an executor may be any program.
func ParseReport(data []byte) (*checkup.Report, error) {
	if len(data) == 0 {
		return nil, nil //nolint:nilnil // most updates have none
	}
	var p gantryv1.TaskReport
	if err := p.Unmarshal(data); err != nil {
		return nil, fmt.Errorf("read report: %w", err)
	}
	if p.Version == 0 || p.Version > reportVersion {
		return nil, fmt.Errorf("report of format %d, this scheduler reads 1 to %d", p.Version, reportVersion)
	}
	return ReportOf(&p), nil
}

// RecordReport returns the report as a message, nil for nil.
func RecordReport(r *checkup.Report) *gantryv1.TaskReport {
	if r == nil {
		return nil
	}
	out := &gantryv1.TaskReport{Version: reportVersion, Number: uint32(r.Number)}
	for _, h := range r.Health[:min(len(r.Health), checkup.ChecksMax)] {
		out.Health = append(out.Health, &gantryv1.TaskReport_HealthResult{
			FirstSuccessNs: toNanos(h.FirstSuccess), LastSuccessNs: toNanos(h.LastSuccess), LastFailureNs: toNanos(h.LastFailure),
			Cause: cut(h.Cause, checkup.CauseMax), Failures: uint32(h.Failures), PaceNs: int64(h.Pace),
		})
	}
	for _, c := range r.Readiness[:min(len(r.Readiness), checkup.ReadinessMax)] {
		p := &gantryv1.TaskReport_ReadinessResult{Name: cut(c.Name, checkup.CauseMax), Ready: c.Ready}
		if a := c.Response; a != nil {
			p.Response = &gantryv1.TaskReport_Response{
				Status: uint32(a.Status), ContentType: cut(a.ContentType, checkup.TypeMax), Body: cut(a.Body, checkup.BodyMax),
			}
		}
		out.Readiness = append(out.Readiness, p)
	}
	return out
}

// ReportOf is the inverse of RecordReport.
func ReportOf(p *gantryv1.TaskReport) *checkup.Report {
	if p == nil {
		return nil
	}
	out := &checkup.Report{Number: int(p.Number)}
	for _, h := range p.Health[:min(len(p.Health), checkup.ChecksMax)] {
		out.Health = append(out.Health, checkup.Result{
			FirstSuccess: fromNanos(h.FirstSuccessNs), LastSuccess: fromNanos(h.LastSuccessNs), LastFailure: fromNanos(h.LastFailureNs),
			Cause: cut(h.Cause, checkup.CauseMax), Failures: int(h.Failures), Pace: time.Duration(h.PaceNs),
		})
	}
	for _, c := range p.Readiness[:min(len(p.Readiness), checkup.ReadinessMax)] {
		r := checkup.Readiness{Name: cut(c.Name, checkup.CauseMax), Ready: c.Ready}
		if a := c.Response; a != nil {
			r.Response = &checkup.Response{
				Status: int(a.Status), ContentType: cut(a.ContentType, checkup.TypeMax), Body: cut(a.Body, checkup.BodyMax),
			}
		}
		out.Readiness = append(out.Readiness, r)
	}
	return out
}

func toNanos(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixNano()
}

func fromNanos(ns int64) time.Time {
	if ns == 0 {
		return time.Time{}
	}
	return time.Unix(0, ns).UTC()
}

// cut returns valid UTF-8 of at most so many bytes.
func cut(text string, bytesMax int) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	if len(text) > bytesMax {
		text = strings.ToValidUTF8(text[:bytesMax], "")
	}
	return text
}
