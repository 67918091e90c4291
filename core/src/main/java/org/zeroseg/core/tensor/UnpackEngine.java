package org.zeroseg.core.tensor;

/** Starts the engine and ends: unpacks its natives while a container's image is built, say. */
public final class UnpackEngine {

  private UnpackEngine() {}

  /**
   * Says what was started, and from where.
   *
   * @param arguments none
   */
  public static void main(String[] arguments) {
    System.out.println(TorchEngine.get());
  }
}
