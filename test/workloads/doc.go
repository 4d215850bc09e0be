// Package workloads holds the clusters and Apps that benchmarks place: one JSON
// file for each shape, in sizes from a hundred agents to fifty thousand. The
// same file and seed always give the same offers and Apps.
package workloads
