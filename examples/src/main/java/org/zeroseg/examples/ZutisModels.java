package org.zeroseg.examples;

import java.io.IOException;
import org.zeroseg.demo.DemoModels;
import org.zeroseg.zutis.Zutis;

/** The network that an example is called with, or the demo's. */
final class ZutisModels {

  private ZutisModels() {}

  static Zutis open(String[] arguments, Zutis.Answer answer) throws IOException {
    if (arguments.length < 2) {
      return DemoModels.zutis(answer);
    }
    return Zutis.builder().model(arguments[0]).clip(arguments[1]).answer(answer).build();
  }
}
