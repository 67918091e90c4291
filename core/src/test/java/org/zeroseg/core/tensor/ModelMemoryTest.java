package org.zeroseg.core.tensor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.djl.ndarray.NDManager;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class ModelMemoryTest {

  @Test
  void freesWhatACallMadeAndRefusesCallsOnceClosed() {
    NDManager manager = NDManager.newBaseManager("PyTorch");
    ModelMemory memory = new ModelMemory(manager, "the model");
    AtomicReference<NDManager> used = new AtomicReference<>();
    float sum =
        memory.during(
            call -> {
              used.set(call);
              return call.create(new float[] {1, 2}).sum().getFloat();
            });
    assertEquals(3, sum);
    assertFalse(used.get().isOpen());
    assertTrue(manager.isOpen());
    memory.close();
    memory.close();
    assertFalse(manager.isOpen());
    String message =
        assertThrows(IllegalStateException.class, () -> memory.during(call -> 1)).getMessage();
    assertEquals("the model is closed", message);
  }

  @Test
  void aCallThatClosesItsOwnModelIsRefusedInsteadOfWaitingForItself() {
    ModelMemory memory = new ModelMemory(NDManager.newBaseManager("PyTorch"), "the model");
    Function<NDManager, String> closing =
        call -> {
          memory.close();
          return "closed";
        };
    String message =
        assertThrows(IllegalStateException.class, () -> memory.during(closing)).getMessage();
    assertTrue(message.contains("the model is closed by a call"), message);
    assertTrue(memory.manager().isOpen());
    memory.close();
  }

  @Test
  void waitsForTheCallsThatRun() throws InterruptedException {
    ModelMemory memory = new ModelMemory(NDManager.newBaseManager("PyTorch"), "the model");
    CountDownLatch running = new CountDownLatch(1);
    CountDownLatch closing = new CountDownLatch(1);
    AtomicReference<Boolean> openAtTheEnd = new AtomicReference<>(false);
    Thread call =
        new Thread(
            () ->
                memory.during(
                    arrays -> {
                      running.countDown();
                      await(closing);
                      openAtTheEnd.set(memory.manager().isOpen());
                      return 0;
                    }));
    call.start();
    assertTrue(running.await(60, TimeUnit.SECONDS));
    Thread close = new Thread(memory::close);
    close.start();
    while (close.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    closing.countDown();
    close.join();
    call.join();
    assertTrue(openAtTheEnd.get());
    assertFalse(memory.manager().isOpen());
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
