package org.zeroseg.zsi;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.zeroseg.core.golden.GoldenCase;
import org.zeroseg.core.golden.GoldenTensor;
import org.zeroseg.core.golden.PortableWeights;

/** What the golden tests share: inputs, and the parts of outputs that are stored. */
final class ZsiCases {

  private static final Pattern STEP =
      Pattern.compile("step (\\d+)|step max\\((\\d+) >> i, 1\\)|(\\d+),(\\d+),\\d+,?\\.\\.\\.");

  private ZsiCases() {}

  static GoldenTensor input(GoldenCase golden, String name) {
    JsonElement described = golden.inputs().get(name);
    JsonObject entry = described.isJsonObject() ? described.getAsJsonObject() : new JsonObject();
    if (!entry.has("portable")) {
      return golden.tensors("inputs.safetensors").get(name);
    }
    JsonArray sizes = entry.getAsJsonArray("shape");
    long[] shape = sizes.asList().stream().mapToLong(size -> size.getAsLong()).toArray();
    float[] values =
        PortableWeights.values(
            golden.salt(), entry.get("portable").getAsString(), new Shape(shape));
    float scale = entry.get("scale").getAsFloat();
    for (int i = 0; i < values.length; i++) {
      values[i] *= scale;
    }
    return GoldenTensor.of(values, shape);
  }

  static NDArray input(GoldenCase golden, String name, NDManager manager) {
    return input(golden, name).toArray(manager);
  }

  /** Compares the part of a whole result that is stored. */
  static void check(GoldenCase golden, String name, GoldenTensor whole) {
    JsonObject slices = golden.json().getAsJsonObject("slices");
    String key = name.replaceFirst("_\\d$", "_i");
    String rule =
        slices == null || (!slices.has(name) && !slices.has(key))
            ? "all"
            : slices.get(slices.has(name) ? name : key).getAsString();
    int index = name.endsWith("_i") || key.equals(name) ? 0 : name.charAt(name.length() - 1) - '0';
    golden.check(name, whole.slice(notation(rule, whole.shape().length, index)));
  }

  static void check(GoldenCase golden, String name, NDArray whole) {
    check(golden, name, GoldenTensor.of(whole));
  }

  /** The recorded gradients {@code grad:NAME}, after a prefix. */
  static void checkGradient(GoldenCase golden, String output, NDArray parameter) {
    try (NDArray gradient = parameter.getGradient()) {
      GoldenTensor whole = GoldenTensor.of(gradient);
      golden.check(output, whole.slice(corner(golden.output(output).shape())));
    }
  }

  /** Some slices are told by the shape of what is stored alone: the first rows and columns. */
  static String corner(long[] stored) {
    StringBuilder corner = new StringBuilder();
    for (int axis = 0; axis < stored.length; axis++) {
      corner.append(axis == 0 ? "0:" : ",0:").append(stored[axis]);
    }
    return corner.toString();
  }

  /** From the prose of a case's slices to NumPy's notation. */
  private static String notation(String rule, int rank, int index) {
    if (rule.startsWith("[")) {
      return rule;
    }
    StringBuilder text = new StringBuilder();
    for (int axis = 0; axis < rank; axis++) {
      text.append(axis == 0 ? "" : ",").append(":");
    }
    String[] axes = text.toString().split(",", -1);
    for (String part : rule.split(", (?=[a-z])", -1)) {
      if (part.equals("picture 0")) {
        axes[0] = "0";
        continue;
      }
      Matcher found = STEP.matcher(part);
      if (!found.find()) {
        continue;
      }
      String step;
      String from = "";
      if (found.group(1) != null) {
        step = found.group(1);
      } else if (found.group(2) != null) {
        step = Integer.toString(Math.max(Integer.parseInt(found.group(2)) >> index, 1));
      } else {
        from = found.group(3);
        step = Integer.toString(Integer.parseInt(found.group(4)) - Integer.parseInt(from));
      }
      if (part.startsWith("channel")) {
        axes[rank - 3] = from + "::" + step;
      } else if (part.startsWith("column")) {
        axes[rank - 1] = from + "::" + step;
      } else if (part.startsWith("row") && part.contains("column")) {
        axes[rank - 2] = from + "::" + step;
        axes[rank - 1] = from + "::" + step;
      } else if (part.startsWith("row") && rule.contains("column")) {
        axes[rank - 2] = from + "::" + step;
      } else {
        axes[0] = from + "::" + step;
      }
    }
    return String.join(",", axes);
  }
}
