/** Parts of ZSI that only its own package sees, for benchmarks. */
package org.zeroseg.zsi;
