/** The Lovasz losses: lists of errors are made, sorted and walked. */
package dev.quern.simd.lovasz;
