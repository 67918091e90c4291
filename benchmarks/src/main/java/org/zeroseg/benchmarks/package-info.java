/** JMH benchmarks, each with a stated baseline. */
package org.zeroseg.benchmarks;
