import cryptlet.Refusal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A price is a whole number of 10^-8 USD. */
final class Price {
    private static final Pattern FORM = Pattern.compile("(-?)([0-9]{1,9})(?:\\.([0-9]{1,18}))?");
    private static final BigInteger UNIT = BigInteger.TEN.pow(10);

    private Price() {}

    static long parse(String text) throws Refusal {
        Matcher match = FORM.matcher(text);
        if (!match.matches()) throw new Refusal("PRICE_NOT_A_NUMBER");
        String fraction = match.group(3) == null ? "" : match.group(3);
        BigInteger digits = new BigInteger(match.group(2) + fraction + "0".repeat(18 - fraction.length()));
        BigInteger[] parts = digits.divideAndRemainder(UNIT);
        int half = parts[1].shiftLeft(1).compareTo(UNIT);
        long units = parts[0].longValueExact();
        if (half > 0 || (half == 0 && units % 2 == 1)) units += 1;
        if (!match.group(1).isEmpty() || units == 0) throw new Refusal("PRICE_NOT_POSITIVE");
        return units;
    }

    /** (a + b) / 2, halves to even. */
    static long middle(long a, long b) {
        long sum = a + b;
        long half = sum / 2;
        return sum % 2 == 1 && half % 2 == 1 ? half + 1 : half;
    }

    /** Zero for no prices. */
    static long median(List<Long> prices) {
        if (prices.isEmpty()) return 0;
        List<Long> ordered = new ArrayList<>(prices);
        Collections.sort(ordered);
        return middle(ordered.get((ordered.size() - 1) / 2), ordered.get(ordered.size() / 2));
    }

    static String text(long price) {
        return price / 100_000_000 + "." + String.format("%08d", price % 100_000_000);
    }
}
