package org.zeroseg.examples.cli;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.Stack;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** Predictions on disk, or a model on a data set, against the truth. */
@Command(
    name = "eval",
    description = "Evaluates a model on a data set, or predictions that lie on disk.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "[KIND]",
    preprocessor = EvalCommand.KindFirst.class,
    footer = {
      "",
      "Without a KIND: semantic. 'zeroseg eval KIND --help' tells the options of a kind.",
      "",
      "Examples:",
      "  zeroseg eval shapeworld --data DIR --model demo-shapes --html report.html",
      "  zeroseg eval voc2012-val --data DIR --model openai/clip-vit-base-patch16",
      "  zeroseg eval instances coco2017-val --data DIR --predictions results.json",
      "",
      "The data sets, where they belong below DIR, and the papers' tables: docs/recipes.md"
    })
final class EvalCommand implements Runnable {

  /** Its commands, of which {@link ZeroSeg} adds those that are needed. */
  static final List<Class<?>> KINDS =
      List.of(
          EvalSemantic.class,
          EvalInstances.class,
          EvalZeroShot.class,
          EvalSaliency.class,
          EvalMasks.class,
          EvalNaming.class,
          CommandLine.HelpCommand.class);

  /** Lets the kind stand anywhere as {@code --kind KIND}, and be left out where it is semantic. */
  static final class KindFirst implements IParameterPreprocessor {

    private static final String KIND = "--kind";
    private static final Set<String> HELP = Set.of("-h", "--help", "-V", "--version");

    @Override
    @SuppressWarnings("JdkObsolete") // picocli's interface
    public boolean preprocess(
        Stack<String> waiting, CommandSpec eval, ArgSpec argument, Map<String, Object> info) {
      List<String> words = new ArrayList<>(waiting);
      Collections.reverse(words); // the next one lies on top
      String kind = "";
      for (int i = 0; i < words.size() && kind.isEmpty(); i++) {
        if (words.get(i).startsWith(KIND + "=")) {
          kind = words.remove(i).substring(KIND.length() + 1);
        } else if (words.get(i).equals(KIND) && i + 1 < words.size()) {
          kind = words.remove(i + 1);
          words.remove(i);
        }
      }
      if (!kind.isEmpty()) {
        words.add(0, kind.toLowerCase(Locale.ROOT).replace('_', '-'));
      } else if (!words.isEmpty()
          && !HELP.contains(words.get(0))
          && !eval.subcommands().containsKey(words.get(0))) {
        words.add(0, "semantic");
      }
      waiting.clear();
      Collections.reverse(words);
      waiting.addAll(words);
      return false;
    }
  }

  @Spec private CommandSpec spec;

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "Name a data set, or what is evaluated.");
  }
}
