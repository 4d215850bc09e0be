// Package volumes keeps account of the persistent volumes of instances: where an
// instance is at home, which homes are in doubt, and what is still to be destroyed.
//
// A home is stored before the ACCEPT that makes it, so that no volume is ever made
// without being known. What follows from that:
//
//   - A home may never have been made, if the ACCEPT was lost. It is unsure until
//     an offer shows it, or shows that its agent offers and has nothing of it.
//   - An agent may come back under another id, or without the task and its word.
//     The volume on offer then says where the home is, and that the task is over.
//   - An instance that is gone for good leaves a Release: only what has one is
//     ever destroyed, and the Release is kept until nothing of it turns up any more.
//   - Volumes of this framework that no instance and no Release knows are
//     unclaimed. They are kept until a user confirms that they may go: the store
//     may have lost them, and data lost here are lost for good.
//
// A Book hears of changes as an observer of the roster and of offers by Survey. It
// changes no instance itself: it tells its Keeper what it has found out, one
// finding at a time, and the Keeper acts before the Book goes on. Since all of it
// shows in offers only, the Book also says for how long offers are wanted though
// nothing waits for one: a search after something was released, a glance from
// time to time.
package volumes
