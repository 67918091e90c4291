/** Training: optimisers, schedules, losses, and a loop that can be stopped and resumed. */
package org.zeroseg.core.train;
