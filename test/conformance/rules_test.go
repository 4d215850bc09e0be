package conformance

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
)

func TestMessagesAreCheckedAsMesosDoes(t *testing.T) {
	t.Parallel()
	const (
		good     = `"uuid":"8Oq2iLiqQe+Ks46a3E2fQA=="`
		unknown  = `"uuid":"8Oq2iLiq8e+Ks46a3E2fQA=="`
		short    = `"uuid":"8Oq2iLiqQe+Ks46a3E2f"`
		ids      = `"executor_id":{"value":"e"},"framework_id":{"value":"f"}`
		fid      = `"framework_id":{"value":"f"}`
		status   = `"task_id":{"value":"t"},"state":"TASK_RUNNING","source":"SOURCE_EXECUTOR"`
		ack      = `"agent_id":{"value":"a"},"task_id":{"value":"t"}`
		operated = `"agent_id":{"value":"a"},"operation_id":{"value":"o"}`
	)
	for _, c := range []struct {
		name, api, body, want string
	}{
		{"no type", "scheduler", `{` + fid + `}`, "Expecting 'type'"},
		{"the type that ends a master", "scheduler", `{"type":"UNKNOWN",` + fid + `}`, "Expecting 'type'"},
		{"subscribe", "scheduler", `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}`, ""},
		{"subscribe without user", "scheduler", `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"name":"n"}}}`, "framework_info.user"},
		{"subscribe with one id of two", "scheduler", `{"type":"SUBSCRIBE",` + fid + `,"subscribe":{"framework_info":{"user":"u","name":"n"}}}`, "differs"},
		{"no framework id", "scheduler", `{"type":"REVIVE"}`, "framework_id.value"},
		{"revive", "scheduler", `{"type":"REVIVE",` + fid + `}`, ""},
		{"no sub-message", "scheduler", `{"type":"KILL",` + fid + `}`, "Expecting 'kill'"},
		{"a task without its agent", "scheduler", `{"type":"ACCEPT",` + fid + `,"accept":{"offer_ids":[{"value":"o"}],"operations":[{"type":"LAUNCH","launch":{"task_infos":[{"name":"n","task_id":{"value":"t"}}]}}]}}`, "accept.operations[0].launch.task_infos[0].agent_id"},
		{"a resource of no type", "scheduler", `{"type":"ACCEPT",` + fid + `,"accept":{"operations":[{"type":"RESERVE","reserve":{"resources":[{"name":"cpus"}]}}]}}`, "resources[0].type"},
		{"a reconciliation of nothing", "scheduler", `{"type":"RECONCILE",` + fid + `,"reconcile":{"tasks":[{}]}}`, "reconcile.tasks[0].task_id"},
		{"a number for an id", "scheduler", `{"type":"KILL",` + fid + `,"kill":{"task_id":{"value":7}}}`, "Not expecting a JSON number"},
		{"kill of nothing", "scheduler", `{"type":"KILL",` + fid + `,"kill":{}}`, "task_id.value"},
		{"shutdown of nothing", "scheduler", `{"type":"SHUTDOWN",` + fid + `,"shutdown":{"agent_id":{"value":"a"}}}`, "executor_id.value"},
		{"acknowledge", "scheduler", `{"type":"ACKNOWLEDGE",` + fid + `,"acknowledge":{` + ack + `,` + good + `}}`, ""},
		{"acknowledge without uuid", "scheduler", `{"type":"ACKNOWLEDGE",` + fid + `,"acknowledge":{` + ack + `}}`, "Expecting 'uuid'"},
		{"acknowledge with 15 bytes", "scheduler", `{"type":"ACKNOWLEDGE",` + fid + `,"acknowledge":{` + ack + `,` + short + `}}`, "Not a valid UUID"},
		{"acknowledge with a version of its own", "scheduler", `{"type":"ACKNOWLEDGE",` + fid + `,"acknowledge":{` + ack + `,` + unknown + `}}`, "Not a valid UUID"},
		{"acknowledge without agent", "scheduler", `{"type":"ACKNOWLEDGE",` + fid + `,"acknowledge":{"task_id":{"value":"t"},` + good + `}}`, "agent_id.value"},
		{"acknowledge an operation", "scheduler", `{"type":"ACKNOWLEDGE_OPERATION_STATUS",` + fid + `,"acknowledge_operation_status":{` + operated + `,` + good + `}}`, ""},
		{"an operation's uuid as text", "scheduler", `{"type":"ACKNOWLEDGE_OPERATION_STATUS",` + fid + `,"acknowledge_operation_status":{` + operated + `,"uuid":"f0eab688-b8aa-41ef-8ab3-8e9adc4d9f40"}}`, "not base64"},
		{"a message that is not base64", "scheduler", `{"type":"MESSAGE",` + fid + `,"message":{"agent_id":{"value":"a"},"executor_id":{"value":"e"},"data":"?"}}`, "not base64"},
		{"executor without ids", "executor", `{"type":"HEARTBEAT"}`, "executor_id.value"},
		{"heartbeat", "executor", `{"type":"HEARTBEAT",` + ids + `}`, ""},
		{"update", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{` + status + `,` + good + `}}}`, ""},
		{"update without uuid", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{` + status + `}}}`, "Expecting 'status.uuid'"},
		{"update with a version of its own", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{` + status + `,` + unknown + `}}}`, "Not a valid UUID"},
		{"update of another source", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{` + strings.Replace(status, "EXECUTOR", "MASTER", 1) + `,` + good + `}}}`, "invalid source"},
		{"update of another executor", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{"executor_id":{"value":"x"},` + status + `,` + good + `}}}`, "does not match"},
		{"staging", "executor", `{"type":"UPDATE",` + ids + `,"update":{"status":{` + strings.Replace(status, "RUNNING", "STAGING", 1) + `,` + good + `}}}`, "TASK_STAGING"},
		{"subscribe again", "executor", `{"type":"SUBSCRIBE",` + ids + `,"subscribe":{"unacknowledged_updates":[{"status":{` + status + `,` + good + `}}]}}`, ""},
		{"subscribe again with a bad uuid", "executor", `{"type":"SUBSCRIBE",` + ids + `,"subscribe":{"unacknowledged_updates":[{"status":{` + status + `,` + short + `}}]}}`, "update 1: Not a valid UUID"},
	} {
		headers := map[string]string{"content-type": "application/json"}
		if c.api == "scheduler" && !strings.Contains(c.body, "SUBSCRIBE") {
			headers["Mesos-Stream-Id"] = "s"
		}
		err := checkMessage("master:1", "/api/v1/"+c.api, headers, parse(t, c.body))
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: checkMessage = %v, want %q", c.name, err, c.want)
		}
	}
}

// Every message that a case sends and wants to be taken would be taken by a real master or agent as far as it can be
// judged by itself.
func TestTheMessagesOfAllCasesObeyTheRules(t *testing.T) {
	t.Parallel()
	checked := map[string]int{}
	for _, dir := range []string{"testdata/cases", "testdata/written"} {
		cases, err := LoadCases(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			for n, step := range c.Steps {
				if step.Send == nil || step.Send.Raw != nil || !isCall(step.Send.Method, step.Send.Path, step.Expect.Status) {
					continue
				}
				b := boundFor(step.Send, c)
				body, err := b.expandValue(step.Send.Body)
				if err == nil {
					err = checkMessage(step.Send.To, step.Send.Path, step.Send.Headers, body)
				}
				if err != nil {
					t.Errorf("%s step %d: %v", c.ID, n+1, err)
				}
				checked[apiName("", step.Send.Path)]++
			}
		}
	}
	if len(checked) != 3 || checked["scheduler"] < 300 || checked["executor"] < 50 {
		t.Errorf("checked: %v", checked)
	}
}

// boundFor gives every placeholder of a message that answers bind a value.
func boundFor(req *Request, c *Case) *Binding {
	b := NewBinding(map[string]string{}, map[string]string{})
	for name := range c.Config.Files {
		b.files[name] = "/file"
	}
	text, _ := json.Marshal(req) //nolint:errchkjson // it was read from JSON
	for _, m := range placeholder.FindAllStringSubmatch(string(text), -1) {
		if name, number := m[2], m[3]; number != "" && name != "STATUS_UUID" && name != "STREAM_ID" && name != "UUID" {
			b.values[name+"_"+number] = strings.ToLower(name) + "-" + number
		}
	}
	return b
}

func TestHeadersAreChecked(t *testing.T) {
	t.Parallel()
	revive, subscribe := `{"type":"REVIVE","framework_id":{"value":"f"}}`, `{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"u","name":"n"}}}`
	for _, c := range []struct {
		body    string
		headers map[string]string
		want    string
	}{
		{revive, map[string]string{"Content-Type": "application/json"}, "should include"},
		{revive, map[string]string{"Mesos-Stream-Id": "s"}, "Content-Type"},
		{subscribe, map[string]string{"Content-Type": "application/json", "Mesos-Stream-Id": "s"}, "should not include"},
	} {
		err := checkMessage("master:1", "/api/v1/scheduler", c.headers, parse(t, c.body))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("checkMessage with %v = %v, want %q", c.headers, err, c.want)
		}
	}
}

// A message that breaks a rule is not even sent, unless the case is about its refusal.
func TestAMessageThatBreaksARuleIsNotSent(t *testing.T) {
	t.Parallel()
	var came atomic.Int32
	addr := start(t, func(w http.ResponseWriter, _ *http.Request) {
		came.Add(1)
		w.WriteHeader(http.StatusBadRequest)
	})
	send := func(status int) error {
		return NewReplay(&Case{}, fakeRig{addr: addr}, false).send(context.Background(), &Step{
			Send:   &Request{To: "master:1", Method: "POST", Path: "/api/v1/scheduler", Body: map[string]any{"type": "KILL"}},
			Expect: Expect{Status: status},
		})
	}
	if err := send(http.StatusAccepted); err == nil || !strings.Contains(err.Error(), "framework_id") || came.Load() != 0 {
		t.Errorf("send = %v after %d requests, want a broken rule and none", err, came.Load())
	}
	if err := send(http.StatusBadRequest); err != nil || came.Load() != 1 {
		t.Errorf("send of what is to be refused = %v after %d requests, want one", err, came.Load())
	}
}
