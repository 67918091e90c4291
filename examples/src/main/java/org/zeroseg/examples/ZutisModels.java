package org.zeroseg.examples;

import java.io.IOException;
import org.zeroseg.zutis.Zutis;

/** The network that an example is called with. */
final class ZutisModels {

  private ZutisModels() {}

  static Zutis open(String[] arguments, Zutis.Answer answer) throws IOException {
    if (arguments.length < 2) {
      throw new IllegalArgumentException("Name a ZUTIS network and the CLIP it was trained from");
    }
    return Zutis.builder().model(arguments[0]).clip(arguments[1]).answer(answer).build();
  }
}
