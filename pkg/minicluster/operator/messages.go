package operator

import (
	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/master"

	"github.com/gantry-mesos/gantry/pkg/minicluster/constraints"
)

// The message library lacks some fields that current masters print. The types below are its messages of like name
// with these fields added; numbers are those of Mesos' protocol.

type agentInfo struct {
	Hostname   string            `protobuf:"bytes,1,req,name=hostname"`
	Port       *int32            `protobuf:"varint,8,opt,name=port,def=5051"`
	Resources  []mesos.Resource  `protobuf:"bytes,3,rep,name=resources"`
	Attributes []mesos.Attribute `protobuf:"bytes,5,rep,name=attributes"`
	ID         *mesos.AgentID    `protobuf:"bytes,6,opt,name=id"`
	Checkpoint *bool             `protobuf:"varint,7,opt,name=checkpoint"`
	Domain     *mesos.DomainInfo `protobuf:"bytes,10,opt,name=domain"`
}

type getAgentsAgent struct {
	AgentInfo              agentInfo                    `protobuf:"bytes,1,req,name=agent_info"`
	Active                 bool                         `protobuf:"varint,2,req,name=active"`
	Deactivated            *bool                        `protobuf:"varint,12,opt,name=deactivated"`
	Version                string                       `protobuf:"bytes,3,req,name=version"`
	PID                    *string                      `protobuf:"bytes,4,opt,name=pid"`
	RegisteredTime         *mesos.TimeInfo              `protobuf:"bytes,5,opt,name=registered_time"`
	ReregisteredTime       *mesos.TimeInfo              `protobuf:"bytes,6,opt,name=reregistered_time"`
	TotalResources         []mesos.Resource             `protobuf:"bytes,7,rep,name=total_resources"`
	AllocatedResources     []mesos.Resource             `protobuf:"bytes,8,rep,name=allocated_resources"`
	OfferedResources       []mesos.Resource             `protobuf:"bytes,9,rep,name=offered_resources"`
	Capabilities           []mesos.AgentInfo_Capability `protobuf:"bytes,10,rep,name=capabilities"`
	DrainInfo              *mesos.DrainInfo             `protobuf:"bytes,13,opt,name=drain_info"`
	EstimatedDrainStarting *mesos.TimeInfo              `protobuf:"bytes,14,opt,name=estimated_drain_start_time"`
}

type getAgents struct {
	Agents          []*getAgentsAgent `protobuf:"bytes,1,rep,name=agents"`
	RecoveredAgents []*agentInfo      `protobuf:"bytes,2,rep,name=recovered_agents"`
}

type getFrameworksFramework struct {
	FrameworkInfo      mesos.FrameworkInfo           `protobuf:"bytes,1,req,name=framework_info"`
	Active             bool                          `protobuf:"varint,2,req,name=active"`
	Connected          bool                          `protobuf:"varint,3,req,name=connected"`
	Recovered          bool                          `protobuf:"varint,11,req,name=recovered"`
	RegisteredTime     *mesos.TimeInfo               `protobuf:"bytes,4,opt,name=registered_time"`
	ReregisteredTime   *mesos.TimeInfo               `protobuf:"bytes,5,opt,name=reregistered_time"`
	UnregisteredTime   *mesos.TimeInfo               `protobuf:"bytes,6,opt,name=unregistered_time"`
	Offers             []*mesos.Offer                `protobuf:"bytes,7,rep,name=offers"`
	InverseOffers      []*mesos.InverseOffer         `protobuf:"bytes,8,rep,name=inverse_offers"`
	AllocatedResources []mesos.Resource              `protobuf:"bytes,9,rep,name=allocated_resources"`
	OfferedResources   []mesos.Resource              `protobuf:"bytes,10,rep,name=offered_resources"`
	OfferConstraints   *constraints.OfferConstraints `protobuf:"bytes,12,opt,name=offer_constraints"`
}

type getFrameworks struct {
	Frameworks          []*getFrameworksFramework `protobuf:"bytes,1,rep,name=frameworks"`
	CompletedFrameworks []*getFrameworksFramework `protobuf:"bytes,2,rep,name=completed_frameworks"`
}

type task struct {
	Name              string                         `protobuf:"bytes,1,req,name=name"`
	TaskID            mesos.TaskID                   `protobuf:"bytes,2,req,name=task_id"`
	FrameworkID       mesos.FrameworkID              `protobuf:"bytes,3,req,name=framework_id"`
	ExecutorID        *mesos.ExecutorID              `protobuf:"bytes,4,opt,name=executor_id"`
	AgentID           mesos.AgentID                  `protobuf:"bytes,5,req,name=agent_id"`
	State             *mesos.TaskState               `protobuf:"varint,6,req,name=state,enum=mesos.TaskState"`
	Resources         []mesos.Resource               `protobuf:"bytes,7,rep,name=resources"`
	Statuses          []mesos.TaskStatus             `protobuf:"bytes,8,rep,name=statuses"`
	StatusUpdateState *mesos.TaskState               `protobuf:"varint,9,opt,name=status_update_state,enum=mesos.TaskState"`
	StatusUpdateUUID  []byte                         `protobuf:"bytes,10,opt,name=status_update_uuid"`
	Labels            *mesos.Labels                  `protobuf:"bytes,11,opt,name=labels"`
	Discovery         *mesos.DiscoveryInfo           `protobuf:"bytes,12,opt,name=discovery"`
	Container         *mesos.ContainerInfo           `protobuf:"bytes,13,opt,name=container"`
	HealthCheck       *mesos.HealthCheck             `protobuf:"bytes,15,opt,name=health_check"`
	KillPolicy        *mesos.KillPolicy              `protobuf:"bytes,16,opt,name=kill_policy"`
	User              *string                        `protobuf:"bytes,14,opt,name=user"`
	Limits            map[string]*mesos.Value_Scalar `protobuf:"bytes,17,rep,name=limits" protobuf_key:"bytes,1,opt,name=key" protobuf_val:"bytes,2,opt,name=value"`
}

type getTasks struct {
	Tasks            []*task `protobuf:"bytes,2,rep,name=tasks"`
	UnreachableTasks []*task `protobuf:"bytes,5,rep,name=unreachable_tasks"`
	CompletedTasks   []*task `protobuf:"bytes,3,rep,name=completed_tasks"`
}

type getState struct {
	GetTasks      *getTasks                     `protobuf:"bytes,1,opt,name=get_tasks"`
	GetExecutors  *master.Response_GetExecutors `protobuf:"bytes,2,opt,name=get_executors"`
	GetFrameworks *getFrameworks                `protobuf:"bytes,3,opt,name=get_frameworks"`
	GetAgents     *getAgents                    `protobuf:"bytes,4,opt,name=get_agents"`
}

// response is master.Response.
type response struct {
	Type                   *master.Response_Type                   `protobuf:"varint,1,opt,name=type,enum=mesos.master.Response_Type"`
	GetHealth              *master.Response_GetHealth              `protobuf:"bytes,2,opt,name=get_health"`
	GetFlags               *master.Response_GetFlags               `protobuf:"bytes,3,opt,name=get_flags"`
	GetVersion             *master.Response_GetVersion             `protobuf:"bytes,4,opt,name=get_version"`
	GetMetrics             *master.Response_GetMetrics             `protobuf:"bytes,5,opt,name=get_metrics"`
	GetLoggingLevel        *master.Response_GetLoggingLevel        `protobuf:"bytes,6,opt,name=get_logging_level"`
	ListFiles              *master.Response_ListFiles              `protobuf:"bytes,7,opt,name=list_files"`
	ReadFile               *master.Response_ReadFile               `protobuf:"bytes,8,opt,name=read_file"`
	GetState               *getState                               `protobuf:"bytes,9,opt,name=get_state"`
	GetAgents              *getAgents                              `protobuf:"bytes,10,opt,name=get_agents"`
	GetFrameworks          *getFrameworks                          `protobuf:"bytes,11,opt,name=get_frameworks"`
	GetExecutors           *master.Response_GetExecutors           `protobuf:"bytes,12,opt,name=get_executors"`
	GetOperations          *master.Response_GetOperations          `protobuf:"bytes,20,opt,name=get_operations"`
	GetTasks               *getTasks                               `protobuf:"bytes,13,opt,name=get_tasks"`
	GetRoles               *master.Response_GetRoles               `protobuf:"bytes,14,opt,name=get_roles"`
	GetWeights             *master.Response_GetWeights             `protobuf:"bytes,15,opt,name=get_weights"`
	GetMaster              *master.Response_GetMaster              `protobuf:"bytes,16,opt,name=get_master"`
	GetMaintenanceStatus   *master.Response_GetMaintenanceStatus   `protobuf:"bytes,17,opt,name=get_maintenance_status"`
	GetMaintenanceSchedule *master.Response_GetMaintenanceSchedule `protobuf:"bytes,18,opt,name=get_maintenance_schedule"`
	GetQuota               *master.Response_GetQuota               `protobuf:"bytes,19,opt,name=get_quota"`
}

type subscribed struct {
	GetState                 *getState `protobuf:"bytes,1,opt,name=get_state"`
	HeartbeatIntervalSeconds *float64  `protobuf:"fixed64,2,opt,name=heartbeat_interval_seconds"`
}

type taskAdded struct {
	Task *task `protobuf:"bytes,1,req,name=task"`
}

type frameworkChanged struct {
	Framework *getFrameworksFramework `protobuf:"bytes,1,req,name=framework"`
}

type agentAdded struct {
	Agent *getAgentsAgent `protobuf:"bytes,1,req,name=agent"`
}

// event is master.Event.
type event struct {
	Type             *master.Event_Type             `protobuf:"varint,1,opt,name=type,enum=mesos.master.Event_Type"`
	Subscribed       *subscribed                    `protobuf:"bytes,2,opt,name=subscribed"`
	TaskAdded        *taskAdded                     `protobuf:"bytes,3,opt,name=task_added"`
	TaskUpdated      *master.Event_TaskUpdated      `protobuf:"bytes,4,opt,name=task_updated"`
	AgentAdded       *agentAdded                    `protobuf:"bytes,5,opt,name=agent_added"`
	AgentRemoved     *master.Event_AgentRemoved     `protobuf:"bytes,6,opt,name=agent_removed"`
	FrameworkAdded   *frameworkChanged              `protobuf:"bytes,7,opt,name=framework_added"`
	FrameworkUpdated *frameworkChanged              `protobuf:"bytes,8,opt,name=framework_updated"`
	FrameworkRemoved *master.Event_FrameworkRemoved `protobuf:"bytes,9,opt,name=framework_removed"`
}

func (*response) Reset()         {}
func (*response) String() string { return "response" }
func (*response) ProtoMessage()  {}

func (*event) Reset()         {}
func (*event) String() string { return "event" }
func (*event) ProtoMessage()  {}
