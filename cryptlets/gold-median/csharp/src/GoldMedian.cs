using System;
using System.Collections.Generic;
using System.Linq;
using CryptletFabric;

/// <summary>Gold in USD per troy ounce. The specification, step by step, is ../../README.md.</summary>
static class GoldMedian
{
    const int MinSources = 2;
    /// <summary>A price may lie one fiftieth of the median away from it.</summary>
    const long Outlier = 50;

    static void Main()
    {
        Cryptlet.Serve(Run);
    }

    static Dictionary<string, object> Run(Dictionary<string, object> trigger, Host host)
    {
        var feed = (string)trigger["feed"];
        if (feed != "xau-usd")
            throw new Refusal("FEED_NOT_DECLARED").With("cryptlet", "gold-median").With("feed", feed);
        var parameters = trigger["parameters"] as Dictionary<string, object>;
        if (trigger["parameters"] != null && (parameters == null || parameters.Count > 0))
            throw new Refusal("PARAMETERS_INVALID")
                .With("path", "(whole)")
                .With("reason", "gold-median takes no parameters");
        var requests = Source.All.Select(source => source.Request()).ToList();
        var answers = host.HttpAll(requests);
        var readings = Source.All.Select((source, at) => source.Read(answers[at])).ToList();
        foreach (var reading in readings)
            if (reading.Fault != null) host.Log("warn", reading.Id + ": " + reading.Fault);
        var prices = readings.Where(reading => reading.Price != null).Select(reading => reading.Price.Value);
        var middle = Price.Median(prices);
        foreach (var reading in readings)
            reading.IsOutlier = reading.Price != null && Math.Abs(reading.Price.Value - middle) * Outlier > middle;
        var used = readings.Where(reading => reading.Price != null && !reading.IsOutlier).ToList();
        if (used.Count < MinSources)
        {
            var failures = readings
                .Where(reading => reading.Fault != null || reading.IsOutlier)
                .Select(reading => reading.Id + ": " + (reading.Fault ?? "outlier"));
            throw new Refusal("TOO_FEW_SOURCES")
                .With("used", used.Count)
                .With("minSources", MinSources)
                .With("failures", string.Join(", ", failures));
        }
        return Observation(readings, used);
    }

    static Dictionary<string, object> Observation(List<Reading> readings, List<Reading> used)
    {
        var prices = used.Select(reading => reading.Price.Value).ToList();
        return new Dictionary<string, object>
        {
            { "feed", "xau-usd" },
            { "value", new Dictionary<string, object>
                {
                    { "kind", "decimal" },
                    { "text", Price.Text(Price.Median(prices)) },
                    { "decimals", 8 },
                    { "unit", "USD per troy ounce" },
                }
            },
            { "observedAt", used.Min(reading => reading.ReceivedAt) },
            { "market", new Dictionary<string, object>
                {
                    { "status", "unknown" },
                    { "session", null },
                    { "nextOpen", null },
                }
            },
            { "sources", readings.Select(reading => reading.ToJson()).ToList() },
            { "aggregation", new Dictionary<string, object>
                {
                    { "method", "median;outlier=2%" },
                    { "minSources", MinSources },
                    { "used", used.Count },
                    { "spread", Price.Text(prices.Max() - prices.Min()) },
                }
            },
        };
    }
}

/// <summary>What came of one source; either Price or Fault is null.</summary>
sealed class Reading
{
    public string Id;
    public JsonNumber Reference;
    public long ReceivedAt;
    public long? Price;
    public string Fault;
    public bool IsOutlier;

    public Dictionary<string, object> ToJson()
    {
        return new Dictionary<string, object>
        {
            { "id", Id },
            { "reference", Reference },
            { "extracted", Price == null ? null : global::Price.Text(Price.Value) },
            { "observedAt", null },
            { "outlier", IsOutlier },
            { "error", Fault },
        };
    }
}
