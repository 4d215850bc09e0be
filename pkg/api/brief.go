package api

import (
	"maps"
	"slices"
	"strconv"
)

// Briefs answers GET /v3/apps.
type Briefs struct {
	Apps []Brief `json:"apps"`
	// Total is how many Apps the filters let through, whatever the limit.
	Total int `json:"total"`
}

// Brief is what lists tell of an App: a tenth of its definition.
type Brief struct {
	ID        string `json:"id"`
	Version   Time   `json:"version"`
	Instances int    `json:"instances"`
	Staged    int    `json:"tasksStaged"`
	Running   int    `json:"tasksRunning"`
	Healthy   int    `json:"tasksHealthy"`
	Unhealthy int    `json:"tasksUnhealthy"`
	// Checked says that the App has health checks; without any no task is healthy.
	Checked bool `json:"healthChecked,omitempty"`
	// Waiting is how many instances wait to be launched, WaitingSince when the
	// oldest of them began to, and DelaySeconds what is left of a back-off.
	Waiting      int  `json:"waiting,omitempty"`
	WaitingSince Time `json:"waitingSince,omitzero"`
	DelaySeconds int  `json:"delaySeconds,omitempty"`
	// Explanation says in a sentence why they wait; written with ?embed=explanation only.
	Explanation string `json:"explanation,omitempty"`
	// Deployments are the ids of those under way that affect the App.
	Deployments []string `json:"deployments,omitempty"`
	// FailedAt is when a task of it last ended abnormally.
	FailedAt Time              `json:"lastTaskFailureAt,omitzero"`
	Image    string            `json:"image,omitempty"`
	Labels   map[string]string `json:"labels,omitempty"`
	// What an instance needs, in the units of Amounts.
	Amounts
}

// AppendJSON appends the App as Marshal writes it: there may be ten thousand in a list.
func (a *Brief) AppendJSON(b []byte) ([]byte, error) {
	b = appendText(append(b, `{"id":`...), a.ID)
	b = a.Version.appendJSON(append(b, `,"version":`...))
	for _, c := range []struct {
		name  string
		count int
	}{
		{`,"instances":`, a.Instances}, {`,"tasksStaged":`, a.Staged}, {`,"tasksRunning":`, a.Running}, {`,"tasksHealthy":`, a.Healthy}, {`,"tasksUnhealthy":`, a.Unhealthy},
	} {
		b = strconv.AppendInt(append(b, c.name...), int64(c.count), 10)
	}
	if a.Checked {
		b = append(b, `,"healthChecked":true`...)
	}
	b = appendCount(b, `,"waiting":`, a.Waiting)
	b = appendTime(b, `,"waitingSince":`, a.WaitingSince)
	b = appendCount(b, `,"delaySeconds":`, a.DelaySeconds)
	b = appendOptional(b, `,"explanation":`, a.Explanation)
	for n, id := range a.Deployments {
		if n == 0 {
			b = append(b, `,"deployments":[`...)
		}
		b = appendText(comma(b, n), id)
	}
	if len(a.Deployments) > 0 {
		b = append(b, ']')
	}
	b = appendTime(b, `,"lastTaskFailureAt":`, a.FailedAt)
	b = appendOptional(b, `,"image":`, a.Image)
	for n, key := range slices.Sorted(maps.Keys(a.Labels)) {
		if n == 0 {
			b = append(b, `,"labels":{`...)
		}
		b = appendText(append(appendText(comma(b, n), key), ':'), a.Labels[key])
	}
	if len(a.Labels) > 0 {
		b = append(b, '}')
	}
	return a.appendAmounts(b)
}

// appendAmounts appends what an instance needs, and ends the object.
func (a *Brief) appendAmounts(b []byte) ([]byte, error) {
	data, err := Marshal(a.Amounts)
	if err != nil {
		return b, err
	}
	data[0] = ','
	return append(b, data...), nil
}

// appendCount appends a number that is not 0.
func appendCount(b []byte, name string, n int) []byte {
	if n == 0 {
		return b
	}
	return strconv.AppendInt(append(b, name...), int64(n), 10)
}
