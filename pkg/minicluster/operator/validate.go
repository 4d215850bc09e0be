package operator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/gogo/protobuf/proto"
	agentpb "github.com/mesos/mesos-go/api/v1/lib/agent"
	masterpb "github.com/mesos/mesos-go/api/v1/lib/master"

	"github.com/gantry-mesos/gantry/pkg/minicluster/codec"
)

// masterOptional are the calls of a master without a mandatory sub-message.
var masterOptional = map[masterpb.Call_Type]bool{ //nolint:exhaustive // a set: what is missing is false
	masterpb.Call_GET_HEALTH: true, masterpb.Call_GET_FLAGS: true, masterpb.Call_GET_VERSION: true,
	masterpb.Call_GET_LOGGING_LEVEL: true, masterpb.Call_GET_STATE: true, masterpb.Call_GET_AGENTS: true,
	masterpb.Call_GET_FRAMEWORKS: true, masterpb.Call_GET_EXECUTORS: true, masterpb.Call_GET_OPERATIONS: true,
	masterpb.Call_GET_TASKS: true, masterpb.Call_GET_ROLES: true, masterpb.Call_GET_WEIGHTS: true,
	masterpb.Call_GET_MASTER: true, masterpb.Call_SUBSCRIBE: true, masterpb.Call_GET_MAINTENANCE_STATUS: true,
	masterpb.Call_GET_MAINTENANCE_SCHEDULE: true, masterpb.Call_GET_QUOTA: true,
}

// agentOptional are the calls of an agent without a mandatory sub-message.
var agentOptional = map[agentpb.Call_Type]bool{ //nolint:exhaustive // a set: what is missing is false
	agentpb.Call_GET_HEALTH: true, agentpb.Call_GET_FLAGS: true, agentpb.Call_GET_VERSION: true,
	agentpb.Call_GET_LOGGING_LEVEL: true, agentpb.Call_GET_STATE: true, agentpb.Call_GET_CONTAINERS: true,
	agentpb.Call_GET_FRAMEWORKS: true, agentpb.Call_GET_EXECUTORS: true, agentpb.Call_GET_OPERATIONS: true,
	agentpb.Call_GET_TASKS: true, agentpb.Call_GET_AGENT: true, agentpb.Call_GET_RESOURCE_PROVIDERS: true,
	agentpb.Call_PRUNE_IMAGES: true,
}

func validateMasterCall(c *masterpb.Call, body []byte, f codec.Format) *codec.Refusal {
	if c.Type == masterpb.Call_UNKNOWN {
		return unknownType("master", body, f)
	}
	return needsMember(c, "master", c.Type.String(), masterOptional[c.Type])
}

func validateAgentCall(c *agentpb.Call, body []byte, f codec.Format) *codec.Refusal {
	if c.Type == agentpb.Call_UNKNOWN {
		return unknownType("agent", body, f)
	}
	return needsMember(c, "agent", c.Type.String(), agentOptional[c.Type])
}

// unknownType tells a call without type, or with one that is not known, from one whose type is UNKNOWN.
func unknownType(process string, body []byte, f codec.Format) *codec.Refusal {
	var explicit bool
	if f == codec.JSON {
		var call struct {
			Type any `json:"type"`
		}
		explicit = json.Unmarshal(body, &call) == nil && call.Type == "UNKNOWN"
	} else {
		explicit = bytes.HasPrefix(body, []byte{1<<3 | proto.WireVarint, 0})
	}
	if explicit {
		return &codec.Refusal{Status: http.StatusNotImplemented, Text: notImplemented}
	}
	return invalid(process, "type")
}

func invalid(process, member string) *codec.Refusal {
	return &codec.Refusal{
		Status: http.StatusBadRequest,
		Text:   "Failed to validate " + process + "::Call: Expecting '" + member + "' to be present",
	}
}

// needsMember checks that the sub-message named like the call is there.
func needsMember(call proto.Message, process, kind string, optional bool) *codec.Refusal {
	if optional {
		return nil
	}
	name := strings.ToLower(kind)
	v := reflect.ValueOf(call).Elem()
	for i := range v.NumField() {
		if fieldName(v.Type().Field(i).Tag.Get("protobuf")) != name {
			continue
		}
		if v.Field(i).IsNil() {
			return invalid(process, name)
		}
		return nil
	}
	return nil
}

// fieldName is the name in a tag of generated code.
func fieldName(tag string) string {
	for part := range strings.SplitSeq(tag, ",") {
		if name, ok := strings.CutPrefix(part, "name="); ok {
			return name
		}
	}
	return ""
}
