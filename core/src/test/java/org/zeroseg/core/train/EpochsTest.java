package org.zeroseg.core.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class EpochsTest {

  private static int[] epoch(Epochs epochs, long number) {
    return LongStream.range(number * epochs.steps(), (number + 1) * epochs.steps())
        .mapToObj(epochs::batch)
        .flatMapToInt(Arrays::stream)
        .toArray();
  }

  @Test
  void everySampleComesOnceAnEpochInAnOrderOfItsOwn() {
    Epochs epochs = new Epochs(11, 4, Epochs.Last.KEPT, 7);
    assertEquals(3, epochs.steps());
    assertEquals(3, epochs.batch(5).length);
    for (long number = 0; number < 3; number++) {
      assertArrayEquals(
          IntStream.range(0, 11).toArray(),
          Arrays.stream(epoch(epochs, number)).sorted().toArray());
    }
    assertFalse(Arrays.equals(epoch(epochs, 0), epoch(epochs, 1)));
    assertArrayEquals(epoch(epochs, 1), epoch(new Epochs(11, 4, Epochs.Last.KEPT, 7), 1));
    assertFalse(Arrays.equals(epoch(epochs, 1), epoch(new Epochs(11, 4, Epochs.Last.KEPT, 8), 1)));
  }

  @Test
  void aLastBatchOfOneIsDroppedByChoice() {
    assertEquals(3, new Epochs(9, 4, Epochs.Last.KEPT, 0).steps());
    assertEquals(2, new Epochs(9, 4, Epochs.Last.DROPPED_IF_ONE, 0).steps());
    assertEquals(3, new Epochs(10, 4, Epochs.Last.DROPPED_IF_ONE, 0).steps());
    assertEquals(2, new Epochs(10, 4, Epochs.Last.DROPPED, 0).steps());
    assertEquals(9, new Epochs(9, 1, Epochs.Last.DROPPED_IF_ONE, 0).steps());
  }

  @Test
  void epochsWithoutABatchAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> new Epochs(0, 4, Epochs.Last.KEPT, 0));
    assertThrows(IllegalArgumentException.class, () -> new Epochs(3, 4, Epochs.Last.DROPPED, 0));
    assertThrows(
        IllegalArgumentException.class, () -> new Epochs(1, 4, Epochs.Last.DROPPED_IF_ONE, 0));
  }
}
