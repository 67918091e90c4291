package org.zeroseg.core.hub;

import java.io.IOException;

/** A fault that asking again will not change. */
final class Refusal extends IOException {

  private static final long serialVersionUID = 1L;

  Refusal(String message) {
    super(message);
  }

  Refusal(String message, Throwable cause) {
    super(message, cause);
  }
}
