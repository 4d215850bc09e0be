package scheduler

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-zookeeper/zk"

	"github.com/gantry-mesos/gantry/pkg/mesos/schedapi"
)

// explain adds the way out to what only a person can mend.
func explain(err error) error {
	if removed, ok := errors.AsType[*schedapi.RemovedError](err); ok {
		return &permanentError{fmt.Errorf("%w; Mesos never takes this framework id again, and has ended its tasks. "+
			"See what that means with 'gantry framework reset --dry-run', then start once with --framework-id-reset to launch everything anew; "+
			"it was torn down by somebody, or no scheduler was there for --failover-timeout", removed)}
	}
	if refused, ok := errors.AsType[*schedapi.RefusedError](err); ok {
		return &permanentError{fmt.Errorf("%w; %s", refused, refusal(refused))}
	}
	if wrong, ok := errors.AsType[*schedapi.ConfigError](err); ok {
		return &permanentError{fmt.Errorf("%w; %s", wrong, misconfigured(wrong))}
	}
	return err
}

// Ways out that several refusals have.
const (
	mayNot = "the principal may not do this: the master's ACL register_frameworks has to let --principal register for each --mesos-role, " +
		"and the framework's principal has to be the one of the credentials"
	compare = "see 'gantry framework show' for what is stored, and compare --framework-name, --mesos-role and --principal with the master's words"
)

// refusal is the way out of a subscription that the master ended.
func refusal(e *schedapi.RefusedError) string {
	if e.FailedOver() {
		return "another scheduler has subscribed with this framework id: two states hold the same one, as after a copy. " +
			"Stop one of the two; compare them with 'gantry framework show'"
	}
	if strings.HasPrefix(e.Message, "Not authorized") {
		return mayNot
	}
	return compare
}

// misconfigured is the way out of a SUBSCRIBE that the master understood and refused.
func misconfigured(e *schedapi.ConfigError) string {
	switch e.Status {
	case http.StatusUnauthorized:
		return "the master wants credentials, or other ones: --principal and the secret in --secret-file have to be among those that the master knows"
	case http.StatusForbidden:
		return mayNot
	default:
		return compare
	}
}

// explainZooKeeper adds the way out to ZooKeeper's refusals.
func explainZooKeeper(err error) error {
	if err == nil || !errors.Is(err, zk.ErrNoAuth) && !errors.Is(err, zk.ErrAuthFailed) {
		return err
	}
	return &permanentError{fmt.Errorf("%w. The znodes below --zk belong to another user, or are open to none: name their user in --zk (or GANTRY_ZK, which other users of the machine do not see), "+
		"or have their ACL changed, as by setAcl -R in zkCli.sh", err)}
}
