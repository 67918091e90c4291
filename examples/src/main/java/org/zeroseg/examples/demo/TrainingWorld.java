package org.zeroseg.examples.demo;

import java.io.IOException;
import java.nio.file.Path;
import org.zeroseg.examples.everyday.CutOuts;
import org.zeroseg.examples.everyday.Everyday;
import org.zeroseg.examples.everyday.Part;
import org.zeroseg.examples.scenes.World;
import org.zeroseg.examples.shapeworld.ShapeWorld;
import org.zeroseg.examples.shapeworld.Split;

/**
 * Where the scenes of a training run or a measurement come from: ShapeWorld, or everyday things if
 * the command's last arguments are their list and the folder of their packages.
 */
@FunctionalInterface
interface TrainingWorld {

  /** ShapeWorld with all combinations of look and shape. */
  TrainingWorld SHAPES = (seed, size, most) -> new ShapeWorld(seed, size, 1, most, Split.ALL);

  /** Chooses pictures of a list, such as {@link CutOuts#toTrain}. */
  @FunctionalInterface
  interface Reader {
    CutOuts read(Path list, Path packages) throws IOException;
  }

  /**
   * Scenes of one to {@code most} things.
   *
   * @param seed names the sequence
   * @param size side of the pictures in pixels
   * @param most things in a scene
   * @return the scenes
   */
  World of(long seed, int size, int most);

  /**
   * The world that arguments choose.
   *
   * @param arguments of a command
   * @param index where {@code [WORDS PACKAGES]} begin
   * @param reader of everyday things; those to train with are changed strongly
   * @return ShapeWorld if the arguments end there
   * @throws IOException if the list cannot be read
   */
  static TrainingWorld of(String[] arguments, int index, Reader reader) throws IOException {
    if (arguments.length <= index) {
      return SHAPES;
    }
    CutOuts pictures = reader.read(Path.of(arguments[index]), Path.of(arguments[index + 1]));
    pictures.problems().forEach(problem -> System.out.println("Left out: " + problem));
    Everyday.Variety variety =
        pictures.part() == Part.TRAIN ? Everyday.Variety.STRONG : Everyday.Variety.NATURAL;
    return (seed, size, most) -> new Everyday(seed, size, 1, most, variety, pictures);
  }
}
