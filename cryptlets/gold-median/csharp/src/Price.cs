using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using System.Text.RegularExpressions;
using CryptletFabric;

/// <summary>A price is a whole number of 10^-8 USD.</summary>
static class Price
{
    const decimal Unit = 10000000000m;
    const long One = 100000000;
    /// <summary>\z, because $ also stands before a line feed at the end.</summary>
    static readonly Regex Form = new Regex(@"^(-?)([0-9]{1,9})(?:\.([0-9]{1,18}))?\z");

    public static long Parse(string text)
    {
        var match = Form.Match(text);
        if (!match.Success) throw new Refusal("PRICE_NOT_A_NUMBER");
        // 27 digits fit into a decimal, which is a whole number of 96 bits here and no float.
        var digits = match.Groups[2].Value + match.Groups[3].Value.PadRight(18, '0');
        var whole = decimal.Parse(digits, NumberStyles.None, CultureInfo.InvariantCulture);
        var rest = decimal.Remainder(whole, Unit);
        var units = (long)((whole - rest) / Unit);
        if (rest * 2 > Unit || (rest * 2 == Unit && units % 2 == 1)) units += 1;
        if (match.Groups[1].Value != "" || units == 0) throw new Refusal("PRICE_NOT_POSITIVE");
        return units;
    }

    /// <summary>(a + b) / 2, halves to even.</summary>
    public static long Middle(long a, long b)
    {
        var sum = a + b;
        var half = sum / 2;
        return sum % 2 == 1 && half % 2 == 1 ? half + 1 : half;
    }

    /// <summary>Zero for no prices.</summary>
    public static long Median(IEnumerable<long> prices)
    {
        var ordered = prices.OrderBy(price => price).ToList();
        return ordered.Count == 0 ? 0 : Middle(ordered[(ordered.Count - 1) / 2], ordered[ordered.Count / 2]);
    }

    public static string Text(long price)
    {
        return (price / One).ToString(CultureInfo.InvariantCulture)
            + "." + (price % One).ToString("00000000", CultureInfo.InvariantCulture);
    }
}
