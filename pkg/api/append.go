package api

import (
	"strconv"
	"unicode/utf8"
)

// AppendJSON appends the task as Marshal writes it. Lists hold many tasks, which
// reflection would make slow.
func (t *Task) AppendJSON(b []byte) ([]byte, error) {
	b = appendText(append(b, `{"id":`...), t.ID)
	b = appendText(append(b, `,"appId":`...), t.AppID)
	b = appendText(append(b, `,"host":`...), t.Host)
	b = appendOptional(b, `,"slaveId":`, t.SlaveID)
	b = appendOptional(b, `,"region":`, t.Region)
	b = appendOptional(b, `,"zone":`, t.Zone)
	b = appendText(append(b, `,"state":`...), t.State)
	b = appendOptional(b, `,"role":`, t.Role)
	b = appendNumbers(append(b, `,"ports":`...), t.Ports)
	b = appendNumbers(append(b, `,"servicePorts":`...), t.ServicePorts)
	b = appendAddresses(append(b, `,"ipAddresses":`...), t.IPAddresses)
	b = appendTime(b, `,"stagedAt":`, t.StagedAt)
	b = appendTime(b, `,"startedAt":`, t.StartedAt)
	b = appendTime(b, `,"version":`, t.Version)
	b = appendResults(append(b, `,"healthCheckResults":`...), t.HealthCheckResults)
	if t.CheckResult != nil {
		data, err := Marshal(t.CheckResult)
		if err != nil {
			return b, err
		}
		b = append(append(b, `,"checkResult":`...), data...)
	}
	if len(t.LocalVolumes) > 0 {
		data, err := Marshal(t.LocalVolumes)
		if err != nil {
			return b, err
		}
		b = append(append(b, `,"localVolumes":`...), data...)
	}
	return append(b, '}'), nil
}

// AppendJSON appends the state as Marshal writes it.
func (s *AppState) AppendJSON(b []byte) ([]byte, error) {
	b = append(b, '{')
	start := len(b)
	for _, c := range []struct {
		name  string
		count *int
	}{
		{`,"tasksStaged":`, s.TasksStaged}, {`,"tasksRunning":`, s.TasksRunning},
		{`,"tasksHealthy":`, s.TasksHealthy}, {`,"tasksUnhealthy":`, s.TasksUnhealthy},
	} {
		if c.count != nil {
			b = strconv.AppendInt(append(b, c.name...), int64(*c.count), 10)
		}
	}
	if s.Deployments != nil {
		b = append(b, `,"deployments":[`...)
		for n, d := range s.Deployments {
			b = appendText(append(comma(b, n), `{"id":`...), d.ID)
			b = append(b, '}')
		}
		b = append(b, ']')
	}
	var err error
	if s.Tasks != nil {
		b = append(b, `,"tasks":[`...)
		for n := range s.Tasks {
			if b, err = s.Tasks[n].AppendJSON(comma(b, n)); err != nil {
				return b, err
			}
		}
		b = append(b, ']')
	}
	if b, err = s.appendRare(b); err != nil {
		return b, err
	}
	if len(b) > start {
		b = append(b[:start], b[start+1:]...) // the first comma
	}
	return append(b, '}'), nil
}

// appendRare appends the members that few ask for.
func (s *AppState) appendRare(b []byte) ([]byte, error) {
	if s.LastTaskFailure == nil && s.ReadinessCheckResults == nil && len(s.TaskStats) == 0 {
		return b, nil
	}
	data, err := Marshal(AppState{LastTaskFailure: s.LastTaskFailure, ReadinessCheckResults: s.ReadinessCheckResults, TaskStats: s.TaskStats})
	if err != nil {
		return b, err
	}
	data[0] = ','
	return append(b, data[:len(data)-1]...), nil
}

func comma(b []byte, n int) []byte {
	if n > 0 {
		return append(b, ',')
	}
	return b
}

func appendOptional(b []byte, name, text string) []byte {
	if text == "" {
		return b
	}
	return appendText(append(b, name...), text)
}

// appendText appends a text in quotes; what needs more than that is left to encoding/json.
func appendText(b []byte, text string) []byte {
	for n := range len(text) {
		if c := text[n]; c < ' ' || c == '"' || c == '\\' || c >= utf8.RuneSelf || c == 0x7f {
			data, err := Marshal(text)
			if err != nil {
				panic("a text has no JSON: " + err.Error())
			}
			return append(b, data...)
		}
	}
	b = append(b, '"')
	b = append(b, text...)
	return append(b, '"')
}

func appendNumbers(b []byte, numbers []int) []byte {
	if numbers == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for n, v := range numbers {
		b = strconv.AppendInt(comma(b, n), int64(v), 10)
	}
	return append(b, ']')
}

func appendAddresses(b []byte, addresses []IPAddress) []byte {
	if addresses == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for n, a := range addresses {
		b = appendText(append(comma(b, n), `{"ipAddress":`...), a.IPAddress)
		b = appendText(append(b, `,"protocol":`...), a.Protocol)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendResults(b []byte, results []HealthCheckResult) []byte {
	if results == nil {
		return append(b, "null"...)
	}
	b = append(b, '[')
	for n, r := range results {
		b = strconv.AppendBool(append(comma(b, n), `{"alive":`...), r.Alive)
		b = strconv.AppendInt(append(b, `,"consecutiveFailures":`...), int64(r.ConsecutiveFailures), 10)
		b = appendTime(b, `,"firstSuccess":`, r.FirstSuccess)
		b = appendTime(b, `,"lastSuccess":`, r.LastSuccess)
		b = appendTime(b, `,"lastFailure":`, r.LastFailure)
		b = appendOptional(b, `,"lastFailureCause":`, r.LastFailureCause)
		b = appendText(append(b, `,"instanceId":`...), r.InstanceID)
		b = appendText(append(b, `,"taskId":`...), r.TaskID)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendTime(b []byte, name string, t Time) []byte {
	if t.IsZero() {
		return b
	}
	return t.appendJSON(append(b, name...))
}

// appendJSON appends the timestamp in quotes.
func (t Time) appendJSON(b []byte) []byte {
	b = append(b, '"')
	if t.IsZero() {
		return append(b, '"')
	}
	utc := t.UTC()
	year, month, day := utc.Date()
	if year < 1000 || year > 9999 {
		return append(utc.AppendFormat(b, timeLayout), '"')
	}
	hour, minute, second := utc.Clock()
	ms := utc.Nanosecond() / 1e6
	b = append(pair(b, year/100), byte('0'+year/10%10), byte('0'+year%10), '-')
	b = append(pair(b, int(month)), '-')
	b = append(pair(b, day), 'T')
	b = append(pair(b, hour), ':')
	b = append(pair(b, minute), ':')
	b = append(pair(b, second), '.')
	return append(pair(b, ms/10), byte('0'+ms%10), 'Z', '"')
}

func pair(b []byte, n int) []byte { return append(b, byte('0'+n/10), byte('0'+n%10)) }
