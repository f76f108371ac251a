using System;
using System.Collections.Generic;
using System.Globalization;
using CryptletFabric;

/// <summary>One provider: what it is asked, and where bid and ask stand in its answer.</summary>
sealed class Source
{
    /// <summary>Items of a trading pair's ticker.</summary>
    const int BitfinexItems = 10;

    public static readonly Source[] All =
    {
        new Source("gold-api", "https://api.gold-api.com/price/XAU", GoldApi),
        new Source("kraken", "https://api.kraken.com/0/public/Ticker?pair=PAXGUSD", Kraken),
        new Source("bitfinex", "https://api-pub.bitfinex.com/v2/ticker/tXAUT:USD", Bitfinex),
    };

    readonly string id;
    readonly string url;
    /// <summary>Bid and ask as texts.</summary>
    readonly Func<object, string[]> quotes;

    Source(string id, string url, Func<object, string[]> quotes)
    {
        this.id = id;
        this.url = url;
        this.quotes = quotes;
    }

    public object Request()
    {
        return new Dictionary<string, object> { { "id", id }, { "method", "GET" }, { "url", url } };
    }

    public Reading Read(object given)
    {
        var answer = (Dictionary<string, object>)given;
        if (!(bool)answer["ok"])
        {
            var error = (Dictionary<string, object>)answer["error"];
            return new Reading { Id = id, Fault = (string)error["code"] };
        }
        var reading = new Reading { Id = id, Reference = (JsonNumber)answer["reference"] };
        if (((JsonNumber)answer["status"]).Text != "200")
        {
            reading.Fault = "SOURCE_STATUS";
            return reading;
        }
        var receivedAt = ((JsonNumber)answer["receivedAt"]).Text;
        reading.ReceivedAt = long.Parse(receivedAt, CultureInfo.InvariantCulture);
        try
        {
            var texts = quotes(Json.Parse((string)answer["body"]));
            var bid = Price.Parse(texts[0]);
            var ask = Price.Parse(texts[1]);
            if (bid > ask) throw new Refusal("PRICE_CROSSED");
            reading.Price = Price.Middle(bid, ask);
        }
        catch (JsonInvalid)
        {
            reading.Fault = "SOURCE_SHAPE";
        }
        catch (Refusal refusal)
        {
            reading.Fault = refusal.Code;
        }
        return reading;
    }

    static string[] GoldApi(object root)
    {
        if (Text(Field(root, "symbol")) != "XAU") throw Shape();
        var price = Number(Field(root, "price"));
        return new[] { price, price };
    }

    static string[] Kraken(object root)
    {
        if (List(Field(root, "error")).Count > 0) throw new Refusal("SOURCE_REPORTED_ERROR");
        var ticker = Field(Field(root, "result"), "PAXGUSD");
        return new[] { Text(Item(Field(ticker, "b"), 0)), Text(Item(Field(ticker, "a"), 0)) };
    }

    static string[] Bitfinex(object root)
    {
        if (List(root).Count > 0 && List(root)[0] as string == "error")
            throw new Refusal("SOURCE_REPORTED_ERROR");
        Item(root, BitfinexItems - 1);
        return new[] { Number(Item(root, 0)), Number(Item(root, 2)) };
    }

    static Refusal Shape()
    {
        return new Refusal("SOURCE_SHAPE");
    }

    static object Field(object value, string name)
    {
        var members = value as Dictionary<string, object>;
        if (members == null || !members.ContainsKey(name)) throw Shape();
        return members[name];
    }

    static List<object> List(object value)
    {
        var list = value as List<object>;
        if (list == null) throw Shape();
        return list;
    }

    static object Item(object value, int at)
    {
        if (List(value).Count <= at) throw Shape();
        return List(value)[at];
    }

    static string Number(object value)
    {
        var number = value as JsonNumber;
        if (number == null) throw Shape();
        return number.Text;
    }

    static string Text(object value)
    {
        var text = value as string;
        if (text == null) throw Shape();
        return text;
    }
}
